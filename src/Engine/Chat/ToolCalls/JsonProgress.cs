namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Follows a JSON value character by character, to know when it is complete. Forgiving: it only counts brackets and quotes.</summary>
internal sealed class JsonProgress
{
    private char _quote;
    private bool _isEscaped;
    private bool _isStarted;

    /// <summary>How many brackets are open.</summary>
    public int Depth { get; private set; }

    /// <summary>Whether the place is inside a string.</summary>
    public bool InString => _quote != '\0';

    /// <summary>Whether the value's last bracket, or a bare string's last quote, has been read.</summary>
    public bool IsComplete => _isStarted && Depth == 0 && !InString;

    /// <summary>Reads a character.</summary>
    public void Read(char c)
    {
        if (InString)
        {
            if (_isEscaped) _isEscaped = false;
            else if (c == '\\') _isEscaped = true;
            else if (c == _quote) _quote = '\0';
            return;
        }
        switch (c)
        {
            // An apostrophe only opens a string where a value or key can stand, which outside strings is everywhere.
            case '"' or '\'':
                _quote = c;
                _isStarted = true;
                break;
            case '{' or '[':
                Depth++;
                _isStarted = true;
                break;
            case '}' or ']' when Depth > 0:
                Depth--;
                break;
        }
    }
}
