using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>What statements write, as a value: the body of a set or filter block.</summary>
internal sealed class CapturedText(Block body, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context) =>
        context.Capture(() => body.RunIn(context, new(context.Scope)));
}
