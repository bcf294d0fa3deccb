using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>
/// The names that one scope of a template mentions, in order. Jinja decides when it compiles where a name lives: one that a
/// scope sets before anything else in it asks for it belongs to the scope, and is undefined until it is set, even for inner
/// scopes and even if the caller passed a variable of that name.
/// </summary>
internal sealed class FrameNames(FrameNames? parent)
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<string> _setFirst = [];
    private string[]? _own;

    // In a branch of an if, which may not run, setting does not make a name the scope's own.
    private int _branches;

    public void EnterBranch() => _branches++;

    public void LeaveBranch() => _branches--;

    /// <summary>The name is asked for, or is a parameter.</summary>
    public void Mention(string name) => _seen.Add(name);

    /// <summary>The name is set.</summary>
    public void Set(string name)
    {
        if (_seen.Add(name) && _branches == 0) _setFirst.Add(name);
    }

    /// <summary>Prepares a scope that begins.</summary>
    public void Begin(Scope scope)
    {
        // Not before all scopes around it are parsed: a later mention there counts too.
        _own ??= [.. _setFirst.Where(n => !IsMentionedAround(n))];
        foreach (var name in _own) scope.Set(name, new UndefinedValue($"'{name}' is undefined"));
    }

    private bool IsMentionedAround(string name)
    {
        for (var frame = Parent; frame is not null; frame = frame.Parent)
        {
            if (frame._seen.Contains(name)) return true;
        }
        return false;
    }

    private FrameNames? Parent => parent;
}
