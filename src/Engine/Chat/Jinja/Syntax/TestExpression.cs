using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a is name(b)</c>.</summary>
internal sealed class TestExpression(Expression operand, string name, CallArguments arguments, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var (value, values) = (operand.Evaluate(context), arguments.Evaluate(context));
        context.Line = Line;
        return BoolValue.Of(Tests.Apply(name, context, value, values));
    }
}
