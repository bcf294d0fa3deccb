using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>ns.name</c>, an attribute of a namespace that is assigned to.</summary>
internal sealed class NamespaceTarget(string variable, string attribute) : Target
{
    public override void Assign(RenderContext context, Scope scope, JinjaValue value)
    {
        if (scope.Find(variable) is not NamespaceValue target) throw new JinjaError($"'{variable}' is no namespace, so its attributes cannot be set");
        target.Set(attribute, value);
    }
}
