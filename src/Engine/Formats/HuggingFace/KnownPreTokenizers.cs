using System.Text.Json;

namespace AgentRuntime.Engine.Formats.HuggingFace;

/// <summary>Names the pre-tokenizer that a <c>tokenizer.json</c> describes by its patterns, as GGUF files name it.</summary>
internal static class KnownPreTokenizers
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Spaces = @"\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Upper = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";

    /// <summary>Patterns of a single split, in front of byte-level encoding.</summary>
    private static readonly Dictionary<string, string> Single = new(StringComparer.Ordinal)
    {
        [$@"{Contractions}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{Spaces}"] = "qwen2",
        [$@"{Contractions}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{Spaces}"] = "llama-bpe",
        [$@"{Upper}*{Lower}+{Contractions}?|{Upper}+{Lower}*{Contractions}?|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{Spaces}"] = "gpt-4o",
        [$@"{Upper}*{Lower}+|{Upper}+{Lower}*|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{Spaces}"] = "tekken",
    };

    /// <summary>The name, or null for one that we do not know.</summary>
    /// <param name="json">The whole tokenizer.json.</param>
    public static string? Find(JsonFields json)
    {
        if (json.Object("pre_tokenizer") is not { } root) return null;
        var steps = root.Text("type") == "Sequence" ? [.. root.Items("pretokenizers").Select(step => root.Object(step, "pretokenizers"))] : new[] { root };
        var splits = steps.Where(step => step.Text("type") == "Split").Select(step => step.Object("pattern")?.Text("Regex") ?? "").ToArray();
        var digits = steps.Any(step => step.Text("type") == "Digits" && step.Boolean("individual_digits") == true);
        var byteLevel = steps.FirstOrDefault(step => step.Text("type") == "ByteLevel");
        if (byteLevel.Element.ValueKind != JsonValueKind.Object) return null;
        if (splits.Length == 0) return byteLevel.Boolean("use_regex") == false ? null : digits ? "starcoder" : "gpt-2";
        if (splits.Length == 1) return !digits && Single.TryGetValue(splits[0], out var name) ? name : null;
        return splits switch
        {
            [@"\p{N}{1,3}", ..] => "deepseek-v3",
            ["[\r\n]" or @"[\r\n]", @"\s?\p{L}+", ..] => "deepseek-coder",
            ["[\r\n]" or @"[\r\n]", var letters, ..] when letters.StartsWith(@"\s?[A-Za-z", StringComparison.Ordinal) => "deepseek-llm",
            _ => null,
        };
    }
}
