using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a and b</c> or <c>a or b</c>; gives the operand that decided.</summary>
internal sealed class LogicalExpression(bool isAnd, Expression left, Expression right, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var value = left.Evaluate(context);
        return value.IsTrue == isAnd ? right.Evaluate(context) : value;
    }
}
