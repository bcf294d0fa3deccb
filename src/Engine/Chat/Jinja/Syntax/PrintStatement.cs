using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>{{ value }}</c>.</summary>
internal sealed class PrintStatement(Expression value, int line) : Statement(line)
{
    public override Flow Run(RenderContext context)
    {
        context.Write(value.Evaluate(context).ToText());
        return Flow.Next;
    }
}
