using System.Text;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.KvCache;

/// <summary>
/// Remembers which tokens known texts are, for callers that send the whole text each time. What a model generated is
/// often not what tokenizing its text gives; here the ids come back as they were, so that their keys and values are
/// found again. Safe for concurrent use.
/// </summary>
public sealed class TextTokenMap(Tokenizer tokenizer, long maxBytes = 32 << 20)
{
    /// <summary>How far before a seam it is checked whether the known tokens are what tokenizing gives.</summary>
    private const int SeamWindow = 32;

    private readonly LinkedList<KnownText> _recent = new();
    private readonly Lock _lock = new();
    private readonly bool _joinsAfterSpecialOnly = tokenizer.Vocabulary is { Model: "llama", AddSpacePrefix: not false };
    private long _bytes;

    /// <summary>Remembers a text, usually a rendered prompt and what the model wrote after it.</summary>
    /// <param name="text">The text as it will be sent again, control tokens by name.</param>
    /// <param name="tokens">Its tokens. Where they stop agreeing with the text, the rest is not remembered.</param>
    public void Record(string text, IReadOnlyList<int> tokens)
    {
        var known = KnownText.Align(tokenizer, text, tokens);
        if (known.Tokens.Length == 0) return;
        lock (_lock)
        {
            for (var node = _recent.First; node is not null;)
            {
                var next = node.Next;
                if (known.Continues(node.Value)) Forget(node);
                node = next;
            }
            _recent.AddFirst(known);
            _bytes += known.Size;
            while (_bytes > maxBytes) Forget(_recent.Last!);
        }
    }

    /// <summary>
    /// The tokens of a text: those of the longest known text that it begins with, and the rest encoded with control
    /// tokens recognised.
    /// </summary>
    public TokenizedText Encode(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var known = Nearest(bytes, out var common);
        var count = known?.TokensWithin(common) ?? 0;
        if (count == 0) return new(tokenizer.Encode(text, parseSpecial: true), 0, known?.Tokens);
        if (known!.Ends[count - 1] == bytes.Length) return new(known.Tokens[..count], count, known.Tokens);

        var keep = KeepUpToSeam(known, bytes, count);
        var rest = Encoding.UTF8.GetString(bytes.AsSpan(keep == 0 ? 0 : known.Ends[keep - 1]));
        int[] tokens = [.. known.Tokens.AsSpan(0, keep), .. tokenizer.Encode(rest, parseSpecial: true)];
        return new(tokens, tokens.AsSpan().CommonPrefixLength(known.Tokens.AsSpan(0, count)), known.Tokens);
    }

    private KnownText? Nearest(byte[] bytes, out int common)
    {
        lock (_lock)
        {
            LinkedListNode<KnownText>? best = null;
            common = 0;
            for (var node = _recent.First; node is not null; node = node.Next)
            {
                var length = bytes.AsSpan().CommonPrefixLength(node.Value.Text);
                if (length > common) (best, common) = (node, length);
            }
            if (best is null) return null;
            _recent.Remove(best);
            _recent.AddFirst(best);
            return best.Value;
        }
    }

    /// <summary>
    /// How many known tokens to keep so that the rest may be encoded by itself. A control token ends all merging, so
    /// after one everything is kept. Elsewhere the text around the seam is encoded as a whole: from a place where words
    /// begin, if the known tokens from there are what encoding gives; if not, the model chose them and they are kept.
    /// </summary>
    private int KeepUpToSeam(KnownText known, byte[] bytes, int count)
    {
        if (IsSpecial(known.Tokens[count - 1])) return count;
        var start = WindowStart(known, bytes, count);
        if (_joinsAfterSpecialOnly || start == count) return start;
        var from = start == 0 ? 0 : known.Ends[start - 1];
        var window = Encoding.UTF8.GetString(bytes.AsSpan(from..known.Ends[count - 1]));
        var canonical = tokenizer.Encode(window, parseSpecial: true).AsSpan().SequenceEqual(known.Tokens.AsSpan(start..count));
        return canonical ? start : count;
    }

    private int WindowStart(KnownText known, byte[] bytes, int count)
    {
        var wordStart = count;
        for (var start = count - 1; start > 0; start--)
        {
            if (!known.IsBoundary(start)) continue;
            if (IsSpecial(known.Tokens[start - 1])) return start;
            if (_joinsAfterSpecialOnly) continue;
            if (count - start > SeamWindow) return wordStart;
            if (bytes[known.Ends[start - 1]] is (byte)' ' or (byte)'\n') wordStart = start;
        }
        return 0;
    }

    private bool IsSpecial(int token) => tokenizer.Vocabulary.Types[token] is TokenType.Control or TokenType.UserDefined;

    private void Forget(LinkedListNode<KnownText> node)
    {
        _recent.Remove(node);
        _bytes -= node.Value.Size;
    }
}
