using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>{% break %}</c> or <c>{% continue %}</c>.</summary>
internal sealed class JumpStatement(Flow flow, int line) : Statement(line)
{
    public override Flow Run(RenderContext context) => flow;
}
