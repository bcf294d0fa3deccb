using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a + b</c> and its like.</summary>
internal sealed class ArithmeticExpression(string op, Expression left, Expression right, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var (a, b) = (left.Evaluate(context), right.Evaluate(context));
        context.Line = Line;
        return context.Produced(Operators.Arithmetic(op, a, b));
    }
}
