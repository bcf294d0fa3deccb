using System.Buffers;
using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Cuts text into the words inside which byte-pair encoding merges. Every character belongs to exactly one word.
/// </summary>
internal abstract class PreTokenizer
{
    /// <summary>Appends the end of each word, in order, as an index into <paramref name="text"/>.</summary>
    public void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        if (!BmpText.IsNeeded(text))
        {
            SplitBmp(text, ends);
            return;
        }

        var buffer = ArrayPool<char>.Shared.Rent(text.Length);
        var first = ends.Count;
        SplitBmp(buffer.AsSpan(0, BmpText.Collapse(text, buffer)), ends);
        BmpText.Expand(text, CollectionsMarshal.AsSpan(ends)[first..]);
        ArrayPool<char>.Shared.Return(buffer);
    }

    /// <summary>The same for text of one UTF-16 unit per character.</summary>
    internal abstract void SplitBmp(ReadOnlySpan<char> text, List<int> ends);
}
