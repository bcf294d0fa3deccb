using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>Text between tags.</summary>
internal sealed class TextStatement(string text, int line) : Statement(line)
{
    public override Flow Run(RenderContext context)
    {
        context.Write(text);
        return Flow.Next;
    }
}
