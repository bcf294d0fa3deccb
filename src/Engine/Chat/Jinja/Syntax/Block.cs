using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>Statements that run one after the other.</summary>
/// <param name="statements">The statements.</param>
/// <param name="names">The names of the scope that they fill, if they have one to themselves.</param>
internal sealed class Block(IReadOnlyList<Statement> statements, FrameNames? names = null)
{
    public static readonly Block Empty = new([]);

    /// <summary>Runs them in a new scope.</summary>
    public Flow RunIn(RenderContext context, Scope scope)
    {
        names?.Begin(scope);
        return context.Inside(scope, () => Run(context));
    }

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
