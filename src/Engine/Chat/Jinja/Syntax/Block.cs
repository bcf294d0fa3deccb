using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>Statements that run one after the other.</summary>
internal sealed class Block(IReadOnlyList<Statement> statements)
{
    public static readonly Block Empty = new([]);

    public Flow Run(RenderContext context)
    {
        foreach (var statement in statements)
        {
            context.Step(statement.Line);
            var flow = statement.Run(context);
            if (flow != Flow.Next) return flow;
        }
        return Flow.Next;
    }
}
