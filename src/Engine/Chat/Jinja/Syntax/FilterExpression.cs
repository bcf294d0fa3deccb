using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a|name(b)</c>.</summary>
internal sealed class FilterExpression(Expression operand, string name, CallArguments arguments, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var (value, values) = (operand.Evaluate(context), arguments.Evaluate(context));
        context.Line = Line;
        return context.Produced(Filters.Apply(name, context, value, values));
    }
}
