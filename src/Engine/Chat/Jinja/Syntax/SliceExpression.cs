using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a[start:stop:step]</c>.</summary>
internal sealed class SliceExpression(Expression target, Expression? start, Expression? stop, Expression? step, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var value = target.Evaluate(context);
        var (from, to, stride) = (start?.Evaluate(context), stop?.Evaluate(context), step?.Evaluate(context));
        context.Line = Line;
        return context.Produced(Access.Slice(value, from, to, stride));
    }
}
