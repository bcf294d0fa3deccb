using System.Text;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Sessions;

/// <summary>
/// Turns generated tokens into text: whole characters only, and nothing that may still turn out to be part of a stop
/// sequence.
/// </summary>
internal sealed class GeneratedText(Tokenizer tokenizer, IReadOnlyList<string> stops)
{
    private readonly IncrementalDetokenizer _detokenizer = new(tokenizer, special: false, continues: true);
    private readonly StringBuilder _withheld = new();

    /// <summary>Whether a stop sequence was met. The text before it has been given out, the rest never is.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Adds a token and returns the text that is certain now.</summary>
    public string Push(int token) => Release(_detokenizer.Push(token), last: false);

    /// <summary>Returns what was withheld; an unfinished character becomes U+FFFD.</summary>
    public string Finish() => Release(_detokenizer.Flush(), last: true);

    private string Release(string added, bool last)
    {
        if (Stopped || stops.Count == 0) return Stopped ? "" : added;
        var text = _withheld.Append(added).ToString();
        var end = FirstStop(text);
        Stopped = end >= 0;
        if (!Stopped) end = last ? text.Length : text.Length - LongestStopStart(text);
        _withheld.Remove(0, Stopped ? text.Length : end);
        return text[..end];
    }

    private int FirstStop(string text)
    {
        var first = -1;
        foreach (var stop in stops)
        {
            var index = text.IndexOf(stop, StringComparison.Ordinal);
            if (index >= 0 && (first < 0 || index < first)) first = index;
        }
        return first;
    }

    /// <summary>Length of the longest end of the text with which a stop sequence begins.</summary>
    private int LongestStopStart(string text)
    {
        var longest = 0;
        foreach (var stop in stops)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length))) longest = length;
            }
        }
        return longest;
    }
}
