using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>{% with a = b %}</c>, and any other block that only has a scope of its own.</summary>
internal sealed class WithStatement(IReadOnlyList<(Target Target, Expression Value)> assignments, Block body, int line) : Statement(line)
{
    public override Flow Run(RenderContext context)
    {
        var scope = new Scope(context.Scope);
        foreach (var (target, value) in assignments) target.Assign(context, scope, value.Evaluate(context));
        return body.RunIn(context, scope);
    }
}
