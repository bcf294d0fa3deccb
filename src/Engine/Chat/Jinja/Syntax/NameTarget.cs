using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>A variable that is assigned to.</summary>
internal sealed class NameTarget(string name) : Target
{
    public override void Assign(RenderContext context, Scope scope, JinjaValue value) => scope.Set(name, value);
}
