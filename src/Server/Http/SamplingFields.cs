using AgentRuntime.Engine.Sessions;
using System.Text.Json;

namespace AgentRuntime.Server.Http;

/// <summary>Reads the fields that say how to generate, the same for all endpoints.</summary>
internal static class SamplingFields
{
    private const int MaxStops = 16;

    /// <summary>The defaults with what a request changes; all but the number of tokens.</summary>
    /// <exception cref="ApiException">A field is out of range.</exception>
    public static GenerationOptions Read(JsonFields fields, GenerationOptions defaults)
    {
        fields.Refuse("frequency_penalty", "is not supported; use repetition_penalty");
        fields.Refuse("presence_penalty", "is not supported; use repetition_penalty");
        fields.Refuse("logit_bias", "is not supported");
        var topP = fields.Number("top_p", 0, 1);
        if (topP == 0) throw ApiException.Invalid(fields.PathOf("top_p"), "must be above 0");
        var penalty = fields.Number("repetition_penalty", 0, 100);
        if (penalty == 0) throw ApiException.Invalid(fields.PathOf("repetition_penalty"), "must be above 0");
        return defaults with
        {
            Temperature = fields.Number("temperature", 0, 100) ?? defaults.Temperature,
            TopP = topP ?? defaults.TopP,
            // Some clients say -1 for all.
            TopK = (int)Math.Max(0, fields.Whole("top_k", -1, int.MaxValue) ?? defaults.TopK),
            MinP = fields.Number("min_p", 0, 1) ?? defaults.MinP,
            RepetitionPenalty = penalty ?? defaults.RepetitionPenalty,
            Seed = fields.Whole("seed", long.MinValue, long.MaxValue) is { } seed ? unchecked((ulong)seed) : defaults.Seed,
            IgnoreEos = fields.Flag("ignore_eos") ?? defaults.IgnoreEos,
            StopSequences = Stops(fields) ?? defaults.StopSequences,
        };
    }

    /// <summary>Most tokens to generate, from the first of some fields that is there.</summary>
    /// <exception cref="ApiException">It is not positive or above the server's limit.</exception>
    public static int MaxTokens(JsonFields fields, ServerOptions options, int fallback, params ReadOnlySpan<string> names)
    {
        long? asked = null;
        foreach (var name in names) asked = fields.Whole(name, 1, options.MaxOutputTokens ?? int.MaxValue) ?? asked;
        return (int)(asked ?? Math.Min(fallback, options.MaxOutputTokens ?? int.MaxValue));
    }

    /// <summary>The same for the choice of an index: another seed, where there is one.</summary>
    public static GenerationOptions ForChoice(GenerationOptions options, int index) =>
        options.Seed is { } seed && index > 0 ? options with { Seed = unchecked(seed + (ulong)index) } : options;

    private static string[]? Stops(JsonFields fields)
    {
        if (fields.Find("stop") is not { } value) return null;
        var path = fields.PathOf("stop");
        string[] stops = value.ValueKind == JsonValueKind.String
            ? [JsonFields.TextOf(value, path)]
            : [.. JsonFields.ItemsOf(value, path).Select(item => JsonFields.TextOf(item.Value, item.Path))];
        if (stops.Length > MaxStops || stops.Any(stop => stop.Length is 0 or > 1000)) throw ApiException.Invalid(path, $"must hold at most {MaxStops} texts of 1 to 1000 characters");
        return stops;
    }
}
