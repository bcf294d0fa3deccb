using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>A constant.</summary>
internal sealed class Literal(JinjaValue value, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context) => value;
}
