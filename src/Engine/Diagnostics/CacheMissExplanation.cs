using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Diagnostics;

/// <summary>Where and why the reuse of a prefix broke.</summary>
/// <param name="TokenIndex">The first token that was not reused though it was expected.</param>
/// <param name="Cause">Why, as far as the tokens tell.</param>
/// <param name="Expected">The text from there on as it was computed before, shortened.</param>
/// <param name="Actual">The text from there on as it was asked for now, shortened.</param>
public sealed record CacheMissExplanation(int TokenIndex, CacheMissCause Cause, string Expected, string Actual)
{
    private const int ShownTokens = 24;

    /// <summary>Explains why a request reused less than it might have.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="expected">The tokens of the same conversation that had been computed before.</param>
    /// <param name="actual">The tokens asked for now.</param>
    /// <param name="cachedTokens">How many of them were resident, from the start.</param>
    /// <returns>Null when everything that could be reused was.</returns>
    public static CacheMissExplanation? Explain(
        Tokenizer tokenizer, IReadOnlyList<int> expected, IReadOnlyList<int> actual, int cachedTokens)
    {
        // The token generated last is never resident, and one token must be computed for its logits.
        var reusable = Math.Min(expected.Count, actual.Count) - 1;
        if (cachedTokens >= reusable) return null;
        var common = 0;
        while (common < reusable && expected[common] == actual[common]) common++;
        var index = Math.Min(common, cachedTokens);
        var cause = cachedTokens < common ? CacheMissCause.EvictedBlock : FindCause(tokenizer, expected, actual, common);
        return new(index, cause, Text(tokenizer, expected, index, ShownTokens), Text(tokenizer, actual, index, ShownTokens));
    }

    /// <summary>The explanation in a sentence.</summary>
    public override string ToString() => Cause switch
    {
        CacheMissCause.EvictedBlock => $"From token {TokenIndex} on, the prefix was no longer resident: its blocks were evicted (at \"{Actual}\").",
        _ => $"The prefix broke at token {TokenIndex} ({Name}): it was \"{Expected}\" and is now \"{Actual}\".",
    };

    private string Name => Cause switch
    {
        CacheMissCause.ChangedSystemPrompt => "the system prompt or its tools changed",
        CacheMissCause.ReorderedTools => "the same tools in another order",
        CacheMissCause.OtherTokenization => "the same text in other tokens",
        _ => "an earlier message is written differently",
    };

    private static CacheMissCause FindCause(Tokenizer tokenizer, IReadOnlyList<int> expected, IReadOnlyList<int> actual, int common)
    {
        var (before, now) = (Text(tokenizer, expected, common, ShownTokens), Text(tokenizer, actual, common, ShownTokens));
        var firstTokens = Math.Max(tokenizer.Bytes(expected[common], true).Length, tokenizer.Bytes(actual[common], true).Length);
        if (before.AsSpan().CommonPrefixLength(now) >= firstTokens) return CacheMissCause.OtherTokenization;
        var (frontBefore, frontNow) = (Front(tokenizer, expected), Front(tokenizer, actual));
        if (common >= Math.Min(frontBefore, frontNow)) return CacheMissCause.RewrittenHistory;
        return Words(tokenizer, expected, frontBefore).SequenceEqual(Words(tokenizer, actual, frontNow))
            ? CacheMissCause.ReorderedTools
            : CacheMissCause.ChangedSystemPrompt;
    }

    /// <summary>Length of the first message: up to the first token that ends one.</summary>
    private static int Front(Tokenizer tokenizer, IReadOnlyList<int> tokens)
    {
        var length = 0;
        while (length < tokens.Count && !tokenizer.EndTokens.Contains(tokens[length])) length++;
        return length;
    }

    private static IEnumerable<string> Words(Tokenizer tokenizer, IReadOnlyList<int> tokens, int count)
    {
        var text = tokenizer.Decode(tokens.Take(count), special: false);
        var letters = string.Concat(text.Select(c => char.IsLetterOrDigit(c) ? c : ' '));
        return letters.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
    }

    private static string Text(Tokenizer tokenizer, IReadOnlyList<int> tokens, int start, int count) =>
        tokenizer.Decode(tokens.Skip(start).Take(count), special: true);
}
