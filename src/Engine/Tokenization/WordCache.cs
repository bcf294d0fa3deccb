using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Remembers the tokens of words seen before. One entry per slot, the newest wins: bounded without bookkeeping, and
/// safe without locks because entries are immutable and a reference is written at once.
/// </summary>
internal sealed class WordCache
{
    private const int Slots = 1 << 14;
    private const int LongestWord = 48;

    private readonly Entry?[] entries = new Entry?[Slots];

    /// <summary>Appends the tokens of a remembered word, or returns false.</summary>
    public bool TryAppend(ReadOnlySpan<char> word, List<int> output)
    {
        if (word.Length > LongestWord) return false;
        var entry = entries[Slot(word)];
        if (entry is null || !word.SequenceEqual(entry.Word)) return false;
        output.AddRange(entry.Tokens.AsSpan());
        return true;
    }

    /// <summary>Remembers a word whose tokens are those of <paramref name="output"/> from <paramref name="start"/> on.</summary>
    public void Remember(ReadOnlySpan<char> word, List<int> output, int start)
    {
        if (word.Length > LongestWord) return;
        entries[Slot(word)] = new Entry(word.ToString(), CollectionsMarshal.AsSpan(output)[start..].ToArray());
    }

    private static int Slot(ReadOnlySpan<char> word) => string.GetHashCode(word) & (Slots - 1);

    private sealed record Entry(string Word, int[] Tokens);
}
