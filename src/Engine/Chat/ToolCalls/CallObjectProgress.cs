using System.Text;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Follows a call object such as <c>{"name": "f", "arguments": {…}}</c>, to report name and arguments as they come.</summary>
internal sealed class CallObjectProgress(PartSink sink)
{
    private readonly JsonProgress _json = new();
    private readonly StringBuilder _raw = new();
    private readonly StringBuilder _string = new();
    private readonly StringBuilder _arguments = new();
    private string? _key;
    private bool _isValue;
    private bool _inArguments;
    private bool _hasArguments;

    /// <summary>Everything read.</summary>
    public string Raw => _raw.ToString();

    public bool IsComplete => _json.IsComplete;

    /// <summary>Whether the object has a name, which makes it a call.</summary>
    public bool HasName { get; private set; }

    public bool InString => _json.InString;

    /// <summary>Reads a character.</summary>
    public void Read(char c)
    {
        var wasString = _json.InString;
        var wasDepth = _json.Depth;
        _raw.Append(c);
        _json.Read(c);
        if (_inArguments)
        {
            _inArguments = _json.Depth >= 1 && !(wasDepth == 1 && !wasString && c == ',');
            _hasArguments |= !char.IsWhiteSpace(c);
            if (_inArguments && _hasArguments) _arguments.Append(c);
        }
        if (wasDepth != 1 || (_json.Depth != 1 && !wasString && c is not ('{' or '['))) return;
        if (!wasString && _json.InString) _string.Clear();
        else if (wasString && _json.InString) _string.Append(c);
        else if (wasString) EndString();
        else if (c == ':') BeginValue();
        else if (c == ',') (_isValue, _key) = (false, null);
    }

    /// <summary>Reports what was read of the arguments since the last time.</summary>
    public void Flush()
    {
        sink.Arguments(_arguments.ToString());
        _arguments.Clear();
    }

    private void EndString()
    {
        if (!_isValue) _key = _string.ToString();
        else if (_key == "name" && !HasName)
        {
            HasName = true;
            sink.Started(CallText.PlainName(_string.ToString()));
        }
    }

    private void BeginValue()
    {
        _isValue = true;
        _inArguments = _key is "arguments" or "parameters";
    }
}
