using System.Text;

namespace AgentRuntime.Tools.Shell;

/// <summary>Keeps the first third and the last two thirds of a text that may be endless, in bounded memory.</summary>
/// <param name="capacity">The most characters to keep.</param>
internal sealed class HeadTailBuffer(int capacity)
{
    private readonly int _headCapacity = capacity / 3;
    private readonly StringBuilder _head = new();
    private readonly StringBuilder _tail = new();
    private long _dropped;

    /// <summary>Adds text.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        var toHead = _tail.Length == 0 ? Math.Min(text.Length, _headCapacity - _head.Length) : 0;
        _head.Append(text[..toHead]);
        _tail.Append(text[toHead..]);
        // Trimming seldom, and then by much, keeps the cost per character constant.
        if (_tail.Length > 2 * capacity)
            TrimTail();
    }

    /// <summary>The text; where characters are missing in the middle, a line says how many.</summary>
    public override string ToString()
    {
        TrimTail();
        if (_dropped == 0)
            return string.Concat(_head.ToString(), _tail.ToString());

        var (head, tail) = (_head.ToString(), _tail.ToString());
        var missing = _dropped;
        // A cut between the halves of a surrogate pair would leave text that UTF-8 cannot hold.
        if (head.Length > 0 && char.IsHighSurrogate(head[^1]))
            (head, missing) = (head[..^1], missing + 1);
        if (tail.Length > 0 && char.IsLowSurrogate(tail[0]))
            (tail, missing) = (tail[1..], missing + 1);
        return $"{head}{(head.EndsWith('\n') ? "" : "\n")}[… {missing} characters left out …]\n{tail}";
    }

    private void TrimTail()
    {
        var excess = _tail.Length - (capacity - _headCapacity);
        if (excess <= 0)
            return;
        _tail.Remove(0, excess);
        _dropped += excess;
    }
}
