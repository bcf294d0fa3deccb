using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>-a</c> or <c>+a</c>.</summary>
internal sealed class SignExpression(string op, Expression operand, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context) => Operators.Sign(op, operand.Evaluate(context));
}
