using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>A block whose tag changes nothing here, such as Hugging Face's <c>{% generation %}</c>.</summary>
internal sealed class PassthroughStatement(Block body, int line) : Statement(line)
{
    public override Flow Run(RenderContext context) => body.Run(context);
}
