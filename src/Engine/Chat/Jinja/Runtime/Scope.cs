using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The variables of the template, a loop pass, a macro call or a block. What is set inside is gone at its end.</summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, JinjaValue> _variables = new(StringComparer.Ordinal);

    /// <summary>The value of a variable here or further out, or null.</summary>
    public JinjaValue? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._variables.TryGetValue(name, out var value)) return value;
        }
        return null;
    }

    /// <summary>Sets a variable here.</summary>
    public void Set(string name, JinjaValue value) => _variables[name] = value;

    private Scope? Parent => parent;
}
