using System.Text;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Text that is taken from the front as it gets decided.</summary>
internal sealed class TextBuffer
{
    private readonly StringBuilder _added = new();
    private string _text = "";
    private int _start;

    public int Length => _text.Length - _start + _added.Length;

    /// <summary>Everything that is left.</summary>
    public ReadOnlySpan<char> Text
    {
        get
        {
            if (_added.Length > 0)
            {
                _text = string.Concat(_text.AsSpan(_start), _added.ToString());
                _start = 0;
                _added.Clear();
            }
            return _text.AsSpan(_start);
        }
    }

    public void Add(string text) => _added.Append(text);

    /// <summary>Takes characters off the front.</summary>
    public string Take(int count)
    {
        var taken = Text[..count].ToString();
        _start += count;
        return taken;
    }

    /// <summary>Takes white space off the front and says whether anything is left.</summary>
    public bool SkipSpace()
    {
        var text = Text;
        Take(text.Length - text.TrimStart().Length);
        return Length > 0;
    }

    /// <summary>Where the first of some marks stands: the earliest, and of two at one place the longest.</summary>
    public (int Index, string Mark)? Find(IEnumerable<string> marks)
    {
        (int Index, string Mark)? best = null;
        foreach (var mark in marks)
        {
            var index = Text.IndexOf(mark, StringComparison.Ordinal);
            if (index >= 0 && (best is not { } b || index < b.Index || (index == b.Index && mark.Length > b.Mark.Length))) best = (index, mark);
        }
        return best;
    }

    /// <summary>How many characters at the end could be the beginning of a mark.</summary>
    public int UndecidedTail(IEnumerable<string> marks)
    {
        var held = 0;
        foreach (var mark in marks)
        {
            for (var length = Math.Min(mark.Length - 1, Length); length > held; length--)
            {
                if (Text.EndsWith(mark.AsSpan(0, length), StringComparison.Ordinal)) held = length;
            }
        }
        return held;
    }
}
