namespace AgentRuntime.Tools.Shell;

/// <summary>Removes every occurrence of a word from a text that comes in pieces, also where it is split between two.</summary>
/// <param name="word">What to remove; not empty.</param>
internal sealed class TextRemover(string word)
{
    private string _held = "";

    /// <summary>Takes a piece and returns what is certain by now; what could be the start of the word is held back.</summary>
    public string Push(ReadOnlySpan<char> piece)
    {
        var text = string.Concat(_held, piece).Replace(word, "", StringComparison.Ordinal);
        var hold = Math.Min(text.Length, word.Length - 1);
        while (hold > 0 && !text.EndsWith(word[..hold], StringComparison.Ordinal))
            hold--;
        _held = text[^hold..];
        return text[..^hold];
    }

    /// <summary>What is still held back, at the end of the text.</summary>
    public string Flush() => _held;
}
