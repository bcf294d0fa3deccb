using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>not a</c>.</summary>
internal sealed class NotExpression(Expression operand, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context) => BoolValue.Of(!operand.Evaluate(context).IsTrue);
}
