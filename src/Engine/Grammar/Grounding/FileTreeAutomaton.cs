using System.Text;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>
/// Texts that are made of names, as paths are: a name that ends with a slash has names below it. They are asked for only
/// when a text gets there, so that a large tree costs what is looked at. Safe for concurrent use.
/// </summary>
/// <param name="children">The names below a prefix, which is empty or ends with a slash. Those without anything below count for nothing.</param>
internal sealed class FileTreeAutomaton(Func<string, IEnumerable<string>> children) : ByteAutomaton
{
    private const int MaxDepth = 100;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<string>> _listed = new(StringComparer.Ordinal);
    private readonly Dictionary<(int State, byte Value), int> _next = [];
    // The folder whose names follow, until they are there.
    private readonly List<(bool Ends, bool Continues, string? Folder)> _states = [(false, false, "")];

    public override int Start => 0;

    public override int Step(int state, byte value)
    {
        lock (_gate)
        {
            Open(state);
            return _next.GetValueOrDefault((state, value), -1);
        }
    }

    public override bool Accepts(int state)
    {
        lock (_gate) return _states[state].Ends;
    }

    public override bool Continues(int state)
    {
        lock (_gate)
        {
            Open(state);
            return _states[state].Continues;
        }
    }

    private void Open(int state)
    {
        if (_states[state].Folder is not { } folder) return;
        _states[state] = _states[state] with { Folder = null };
        foreach (var name in Names(folder, 0)) Add(state, folder, name);
    }

    private void Add(int state, string folder, string name)
    {
        foreach (var value in Encoding.UTF8.GetBytes(name))
        {
            if (!_next.TryGetValue((state, value), out var next))
            {
                _next[(state, value)] = next = _states.Count;
                _states.Add(default);
                _states[state] = _states[state] with { Continues = true };
            }
            state = next;
        }
        _states[state] = name.EndsWith('/') ? _states[state] with { Folder = folder + name } : _states[state] with { Ends = true };
    }

    /// <summary>The names below a folder, without those that lead nowhere.</summary>
    private List<string> Names(string folder, int depth)
    {
        if (_listed.TryGetValue(folder, out var known)) return known;
        if (depth == MaxDepth) return [];
        return _listed[folder] = [.. children(folder).Where(name => name.Length > 0 && (!name.EndsWith('/') || LeadsOn(folder + name, depth + 1)))];
    }

    private bool LeadsOn(string folder, int depth) =>
        _listed.TryGetValue(folder, out var known) ? known.Count > 0
        : depth < MaxDepth && children(folder).Any(name => name.Length > 0 && (!name.EndsWith('/') || LeadsOn(folder + name, depth + 1)));
}
