using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The variables of the template, a loop pass, a macro call or a block. What is set inside is gone at its end.</summary>
internal sealed class Scope(Scope? parent)
{
    // A loop makes one scope a pass, with two or three variables: searching a short array beats hashing.
    private (string Name, JinjaValue Value)[] _variables = new (string, JinjaValue)[4];
    private int _count;

    /// <summary>The value of a variable here or further out, or null.</summary>
    public JinjaValue? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            var index = scope.IndexOf(name);
            if (index >= 0) return scope._variables[index].Value;
        }
        return null;
    }

    /// <summary>Sets a variable here.</summary>
    public void Set(string name, JinjaValue value)
    {
        var index = IndexOf(name);
        if (index < 0)
        {
            index = _count++;
            if (index == _variables.Length) Array.Resize(ref _variables, index * 2);
        }
        _variables[index] = (name, value);
    }

    private Scope? Parent => parent;

    private int IndexOf(string name)
    {
        for (var i = 0; i < _count; i++)
        {
            if (string.Equals(_variables[i].Name, name)) return i;
        }
        return -1;
    }
}
