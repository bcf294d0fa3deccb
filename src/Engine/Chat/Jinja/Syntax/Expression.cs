using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>A part of a template that has a value.</summary>
internal abstract class Expression(int line)
{
    /// <summary>Where it starts, from 1.</summary>
    public int Line => line;

    /// <summary>Its value.</summary>
    public JinjaValue Evaluate(RenderContext context)
    {
        context.Step(line);
        return Compute(context);
    }

    /// <summary>Computes the value.</summary>
    protected abstract JinjaValue Compute(RenderContext context);
}
