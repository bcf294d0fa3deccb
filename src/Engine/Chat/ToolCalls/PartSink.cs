using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>
/// Collects the parts of a reply. White space around text sections belongs to the format, not to the text: it is held
/// back until more text follows.
/// </summary>
internal sealed class PartSink(ToolCallParserOptions options)
{
    private readonly StringBuilder _heldSpace = new();
    private List<ReplyPart> _parts = [];
    private ReplyPartKind _section = ReplyPartKind.Content;
    private bool _hasText;
    private bool _isStarted;

    /// <summary>Number of calls that are over.</summary>
    public int Calls { get; private set; }

    /// <summary>Whether any text for the user has come.</summary>
    public bool HasContent { get; private set; }

    /// <summary>The parts since the last time.</summary>
    public IReadOnlyList<ReplyPart> Take()
    {
        var parts = _parts;
        _parts = [];
        return parts;
    }

    /// <summary>Adds text of a section.</summary>
    public void Text(ReplyPartKind section, string text)
    {
        if (section != _section) EndSection(section);
        if (!_hasText) text = text.TrimStart();
        var visible = text.TrimEnd();
        if (visible.Length > 0)
        {
            _parts.Add(new(section, _heldSpace + visible));
            _heldSpace.Clear();
            _hasText = true;
            HasContent |= section == ReplyPartKind.Content;
        }
        if (_hasText) _heldSpace.Append(text, visible.Length, text.Length - visible.Length);
    }

    /// <summary>A call has begun and its name is known.</summary>
    public void Started(string name)
    {
        EndSection(ReplyPartKind.Content);
        if (_isStarted) return;
        _isStarted = true;
        _parts.Add(new(ReplyPartKind.CallStarted, name, Calls) { CallId = NextId() });
    }

    /// <summary>A piece of the arguments of the call that has begun.</summary>
    public void Arguments(string text)
    {
        if (_isStarted && text.Length > 0) _parts.Add(new(ReplyPartKind.Arguments, text, Calls));
    }

    /// <summary>A call is complete.</summary>
    public void Ready(string name, JsonElement arguments)
    {
        Started(name);
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var property in arguments.EnumerateObject()) values[property.Name] = property.Value;
        End(ReplyPartKind.CallReady, new(NextId(), name, values));
    }

    /// <summary>A call is over and cannot be read.</summary>
    public void Malformed(string? name, string reason, string text)
    {
        EndSection(ReplyPartKind.Content);
        End(ReplyPartKind.CallMalformed, new(NextId(), name ?? "unknown") { Exception = new ToolCallFormatException(reason, text) });
    }

    /// <summary>Lets go of white space at the end of a reply that is only text.</summary>
    public void Finish()
    {
        if (_heldSpace.Length > 0 && Calls == 0 && _section == ReplyPartKind.Content) _parts.Add(new(_section, _heldSpace.ToString()));
        _heldSpace.Clear();
    }

    private void EndSection(ReplyPartKind next)
    {
        _heldSpace.Clear();
        (_section, _hasText) = (next, false);
    }

    private void End(ReplyPartKind kind, FunctionCallContent call)
    {
        _parts.Add(new(kind, "", Calls, call));
        Calls++;
        _isStarted = false;
    }

    private string NextId() => $"call{options.CallsBefore + Calls + 1:00000}";
}
