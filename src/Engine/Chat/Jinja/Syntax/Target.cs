using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>What can be assigned to.</summary>
internal abstract class Target
{
    /// <summary>Assigns a value in a scope.</summary>
    public abstract void Assign(RenderContext context, Scope scope, JinjaValue value);
}
