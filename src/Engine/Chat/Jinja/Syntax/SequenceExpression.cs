using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>[a, b]</c> or <c>(a, b)</c>.</summary>
internal sealed class SequenceExpression(IReadOnlyList<Expression> items, SequenceKind kind, int line) : Expression(line)
{
    public IReadOnlyList<Expression> Items => items;

    public SequenceKind Kind => kind;

    protected override JinjaValue Compute(RenderContext context) => new ListValue([.. items.Select(i => i.Evaluate(context))], kind);
}
