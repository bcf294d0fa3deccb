using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a.name</c>.</summary>
internal sealed class AttributeExpression(Expression target, string name, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var value = target.Evaluate(context);
        context.Line = Line;
        return Access.Attribute(value, name);
    }
}
