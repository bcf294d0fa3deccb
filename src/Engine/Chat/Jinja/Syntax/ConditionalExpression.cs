using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a if test else b</c>; undefined where there is no <c>else</c>.</summary>
internal sealed class ConditionalExpression(Expression test, Expression then, Expression? otherwise, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context) =>
        test.Evaluate(context).IsTrue ? then.Evaluate(context)
        : otherwise?.Evaluate(context) ?? new UndefinedValue("an inline 'if' was false and has no 'else'");
}
