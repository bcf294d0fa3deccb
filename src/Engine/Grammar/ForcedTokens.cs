using System.Text;
using AgentRuntime.Engine.Grammar.Matching;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Grammar;

/// <summary>
/// Cuts forced text into the tokens that a model would have written: those of the tokenizer, as far as nothing that may
/// follow changes them, and as far as no token of the vocabulary reaches beyond the text into what is still open.
/// </summary>
internal sealed class ForcedTokens(Tokenizer tokenizer)
{
    /// <summary>Tokens before the text that may decide how it is cut.</summary>
    private const int ContextTokens = 4;

    /// <summary>When many characters may follow, those that stand for the others: each has neighbours that tokenizers treat alike.</summary>
    private const string Typical = "aZ0 \n\"'/\\_.-,:;<>{}[]()$@#*";

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private readonly TokenTrie _trie = TokenTrie.Of(tokenizer);

    /// <summary>The text just before: that of the last tokens, back to a control token or half a character.</summary>
    public string Context(ReadOnlySpan<int> history)
    {
        List<byte> bytes = [];
        for (var i = history.Length - 1; i >= Math.Max(0, history.Length - ContextTokens); i--)
        {
            var token = tokenizer.Bytes(history[i], special: false);
            if (token.IsEmpty) break;
            bytes.InsertRange(0, token.Span);
        }
        var start = 0;
        while (start < bytes.Count && (bytes[start] & 0xC0) == 0x80) start++;
        return TryDecode([.. bytes.Skip(start)]) ?? "";
    }

    /// <summary>The tokens of forced text.</summary>
    /// <param name="context">What stands before it.</param>
    /// <param name="forced">The text.</param>
    /// <param name="following">The bytes that may come after it; none when it ends there.</param>
    public int[] Cut(string context, byte[] forced, byte[] following)
    {
        var whole = forced.Length;
        while (whole > 0 && IsInsideCharacter(forced, whole)) whole--;
        if (whole < forced.Length) (following, forced) = ([forced[whole]], forced[..whole]);
        if (TryDecode(forced) is not { Length: > 0 } text) return [];

        var tokens = Canonical(context, text, Probes(following));
        var start = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            if (ReachesBeyond(forced.AsSpan(start), following)) return [.. tokens.Take(i)];
            start += tokenizer.Bytes(tokens[i], special: false).Length;
        }
        return [.. tokens];
    }

    /// <summary>The first tokens of the text that are the same whatever follows.</summary>
    private List<int> Canonical(string context, string text, List<string> probes) =>
        // Where the model cut its own text differently, the rest is cut by itself; a line break keeps SentencePiece from adding a space.
        Common(context, text, probes) ?? Common("", text, probes) ?? Common("\n", text, probes) ?? [];

    private List<int>? Common(string before, string text, List<string> probes)
    {
        List<int>? common = null;
        foreach (var probe in probes)
        {
            if (Encode(before, text, probe) is not { } tokens) return null;
            common ??= tokens;
            var same = common.Zip(tokens).TakeWhile(pair => pair.First == pair.Second).Count();
            common.RemoveRange(same, common.Count - same);
        }
        return common;
    }

    /// <summary>The tokens that lie within the text; null when none begins where it begins.</summary>
    private List<int>? Encode(string before, string text, string after)
    {
        var ids = tokenizer.Encode(before + text + after, parseSpecial: false);
        var start = Encoding.UTF8.GetByteCount(before);
        var end = start + Encoding.UTF8.GetByteCount(text);
        // SentencePiece puts a space in front.
        var at = end + Encoding.UTF8.GetByteCount(after) - ids.Sum(id => tokenizer.Bytes(id, special: false).Length);
        List<int>? tokens = null;
        foreach (var id in ids)
        {
            if (at == start) tokens = [];
            at += tokenizer.Bytes(id, special: false).Length;
            if (at > end) break;
            tokens?.Add(id);
        }
        return tokens;
    }

    private static List<string> Probes(byte[] following)
    {
        var ascii = following.Where(value => value is >= 0x20 and < 0x7F or (byte)'\n').Select(value => (char)value).ToList();
        if (ascii.Count > Typical.Length) ascii.RemoveAll(c => !Typical.Contains(c, StringComparison.Ordinal));
        var probes = ascii.ConvertAll(c => c.ToString());
        if (following.Any(value => value is >= 0x80 and < ControlBytes.Lowest)) probes.Add("é");
        if (probes.Count == 0) probes.Add("");
        return probes;
    }

    /// <summary>Whether a token begins with the rest of the text and goes on with a byte that may follow.</summary>
    private bool ReachesBeyond(ReadOnlySpan<byte> rest, byte[] following)
    {
        var node = 0;
        foreach (var value in rest)
        {
            node = _trie.Child(node, value);
            if (node < 0) return false;
        }
        return Array.Exists(following, value => _trie.Child(node, value) >= 0);
    }

    /// <summary>Whether a position is in the middle of a character, or of one that the text does not complete.</summary>
    private static bool IsInsideCharacter(byte[] text, int at)
    {
        if (at < text.Length && (text[at] & 0xC0) == 0x80) return true;
        var lead = at - 1;
        while (lead > 0 && (text[lead] & 0xC0) == 0x80) lead--;
        var length = text[lead] switch { < 0xC0 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
        return lead + length > at;
    }

    private static string? TryDecode(byte[] bytes)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
