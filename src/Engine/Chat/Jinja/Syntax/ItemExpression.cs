using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a[key]</c>.</summary>
internal sealed class ItemExpression(Expression target, Expression key, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var (value, item) = (target.Evaluate(context), key.Evaluate(context));
        context.Line = Line;
        return Access.Item(value, item);
    }
}
