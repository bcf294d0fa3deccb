using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>f(a, b)</c>.</summary>
internal sealed class CallExpression(Expression function, CallArguments arguments, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context) => Call(context, null);

    /// <summary>Calls it, with the block of a <c>{% call %}</c> statement as its <c>caller</c>.</summary>
    public JinjaValue Call(RenderContext context, JinjaValue? caller)
    {
        var (target, values) = (function.Evaluate(context), arguments.Evaluate(context));
        if (caller is not null) values = new(values.Positional, new(values.Named) { ["caller"] = caller });
        context.Line = Line;
        return context.Call(target, values);
    }
}
