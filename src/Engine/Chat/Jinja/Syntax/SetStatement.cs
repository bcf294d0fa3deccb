using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>{% set target = value %}</c>, or the block form, whose value is the text inside.</summary>
internal sealed class SetStatement(Target target, Expression value, int line) : Statement(line)
{
    public override Flow Run(RenderContext context)
    {
        var result = value.Evaluate(context);
        context.Line = Line;
        target.Assign(context, context.Scope, result);
        return Flow.Next;
    }
}
