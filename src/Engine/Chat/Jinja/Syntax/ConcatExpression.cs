using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a ~ b</c>: joins what the operands print as.</summary>
internal sealed class ConcatExpression(IReadOnlyList<Expression> operands, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var texts = operands.Select(o => o.Evaluate(context).ToText()).ToArray();
        TemplateLimits.CheckText(texts.Sum(t => (long)t.Length));
        return context.Produced(new StringValue(string.Concat(texts)));
    }
}
