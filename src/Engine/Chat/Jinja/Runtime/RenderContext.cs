using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The state of one rendering: variables, output, the current line, and what has been used up of the limits.</summary>
internal sealed class RenderContext(Scope globals, TimeProvider clock)
{
    private readonly long _deadline = Stopwatch.GetTimestamp() + (long)(TemplateLimits.Time.TotalSeconds * Stopwatch.Frequency);
    private long _steps;
    private long _produced;
    private int _callDepth;

    /// <summary>What <c>strftime_now</c> asks.</summary>
    public TimeProvider Clock => clock;

    /// <summary>The innermost variables.</summary>
    public Scope Scope { get; private set; } = new(globals);

    /// <summary>Where output goes at present.</summary>
    public StringBuilder Output { get; private set; } = new();

    /// <summary>The line that is being run.</summary>
    public int Line { get; set; }

    /// <summary>Counts a step and stops the rendering when a limit is reached.</summary>
    public void Step(int line)
    {
        Line = line;
        if (++_steps > TemplateLimits.Steps) throw new JinjaError($"it took more than {TemplateLimits.Steps} steps");
        if (Stopwatch.GetTimestamp() > _deadline) throw new JinjaError($"it took longer than {TemplateLimits.Time.TotalSeconds:0} s");
        RuntimeHelpers.EnsureSufficientExecutionStack();
    }

    /// <summary>Counts text that an operation made.</summary>
    public JinjaValue Produced(JinjaValue value)
    {
        if (value is StringValue text && (_produced += text.Value.Length) > TemplateLimits.ProducedText)
            throw new JinjaError($"it made more than {TemplateLimits.ProducedText} characters of intermediate text");
        return value;
    }

    /// <summary>Adds to the output.</summary>
    public void Write(string text)
    {
        TemplateLimits.CheckText((long)Output.Length + text.Length);
        Output.Append(text);
    }

    /// <summary>Runs something with an inner scope.</summary>
    public T Inside<T>(Scope scope, Func<T> action)
    {
        var outer = Scope;
        Scope = scope;
        try
        {
            return action();
        }
        finally
        {
            Scope = outer;
        }
    }

    /// <summary>Runs something and returns what it wrote.</summary>
    public StringValue Capture(Action action)
    {
        var outer = Output;
        Output = new();
        try
        {
            action();
            var text = new StringValue(Output.ToString());
            Produced(text);
            return text;
        }
        finally
        {
            Output = outer;
        }
    }

    /// <summary>Calls a value.</summary>
    public JinjaValue Call(JinjaValue function, Arguments arguments)
    {
        UndefinedValue.Refuse(function);
        if (function is not ICallable callable) throw new JinjaError($"'{function.TypeName}' object is not callable");
        if (++_callDepth > TemplateLimits.CallDepth) throw new JinjaError($"macros call each other more than {TemplateLimits.CallDepth} deep");
        var line = Line;
        var result = Produced(callable.Call(this, arguments));
        Line = line;
        _callDepth--;
        return result;
    }
}
