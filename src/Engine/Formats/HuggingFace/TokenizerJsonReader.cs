using System.Text.Json;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Formats.HuggingFace;

/// <summary>The vocabulary in a Hugging Face folder: <c>tokenizer.json</c> with <c>tokenizer_config.json</c> and the configurations.</summary>
internal static class TokenizerJsonReader
{
    /// <summary>Most entries that weights may have beyond the vocabulary: they are padded to round numbers.</summary>
    private const int MostPadding = 65536;

    /// <summary>Reads and checks it.</summary>
    /// <param name="tokenizer">tokenizer.json.</param>
    /// <param name="settings">tokenizer_config.json.</param>
    /// <param name="endTokens">The ids of end tokens that generation_config.json or config.json state.</param>
    /// <param name="size">Entries that the weights have, or null.</param>
    /// <returns>The vocabulary, or why it cannot be used.</returns>
    /// <exception cref="ModelFormatException">It is damaged or not consistent.</exception>
    public static (VocabularyData? Vocabulary, string? Problem) Read(JsonFields tokenizer, JsonFields? settings, IReadOnlyList<int> endTokens, int? size)
    {
        var model = tokenizer.Object("model") ?? throw tokenizer.Error("\"model\" is missing");
        // Files of old versions do not state the type of BPE models, the only ones with merges.
        if ((model.Text("type") ?? (model.Get("merges") is null ? "unknown" : "BPE")) is not "BPE" and var type)
            return (null, $"tokenizer.json: tokenizers of type {type} are not supported; use a GGUF file of the model.");
        var sentencePiece = model.Boolean("byte_fallback") == true;
        var preTokenizer = sentencePiece ? "default" : KnownPreTokenizers.Find(tokenizer);
        if (preTokenizer is null)
            return (null, "tokenizer.json: the pre-tokenizer is not one that is known; use a GGUF file of the model.");

        var entries = Entries(tokenizer, model, size);
        var tokens = entries.ConvertAll(entry => entry.Text);
        var merges = Merges(model);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < tokens.Count; id++) ids.TryAdd(tokens[id], id);
        var eos = Special(settings, ids, "eos_token") ?? (endTokens.Count > 0 ? endTokens[0] : null);
        var vocabulary = new VocabularyData
        {
            Model = sentencePiece ? "llama" : "gpt2",
            PreTokenizer = preTokenizer,
            Tokens = tokens,
            Types = entries.ConvertAll(entry => entry.Type),
            Scores = sentencePiece ? Scores(ids, merges, tokens.Count) : [],
            Merges = sentencePiece ? [] : merges,
            BosToken = Special(settings, ids, "bos_token"),
            EosToken = eos,
            EotToken = endTokens.Where(id => id != eos).Select(id => (int?)id).FirstOrDefault(),
            UnknownToken = Special(settings, ids, "unk_token") ?? (model.Text("unk_token") is { } unknown && ids.TryGetValue(unknown, out var found) ? found : null),
            PaddingToken = Special(settings, ids, "pad_token"),
            AddBos = settings?.Boolean("add_bos_token") ?? AddsBos(tokenizer, Text(settings, "bos_token")),
            AddEos = settings?.Boolean("add_eos_token"),
            AddSpacePrefix = sentencePiece ? AddsSpace(tokenizer) : null,
        };
        return VocabularyCheck.Problem(vocabulary) is { } problem ? throw tokenizer.Error(problem) : (vocabulary, null);
    }

    private static List<(string Text, TokenType Type)> Entries(JsonFields tokenizer, JsonFields model, int? size)
    {
        var vocabulary = model.Object("vocab") ?? throw model.Error("\"vocab\" is missing");
        var byId = new SortedDictionary<int, (string Text, TokenType Type)>();
        var limit = (size ?? ModelConfigCheck.LargestWidth) - 1;
        foreach (var property in vocabulary.Element.EnumerateObject())
        {
            var text = vocabulary.Name(property);
            var type = IsByte(text) ? TokenType.Byte : TokenType.Normal;
            if (!byId.TryAdd(vocabulary.Integer(property.Value, "vocab", 0, limit), (text, type))) throw model.Error($"two tokens have the id {property.Value}");
        }
        foreach (var item in tokenizer.Items("added_tokens"))
        {
            var token = tokenizer.Object(item, "added_tokens");
            var id = token.Integer("id", 0, limit) ?? throw token.Error("an added token has no id");
            var text = token.Text("content") ?? throw token.Error($"the added token {id} has no content");
            byId[id] = (text, token.Boolean("special") == true ? TokenType.Control : TokenType.UserDefined);
        }
        return Padded(model, byId, size);
    }

    /// <summary>Fills the ids that the vocabulary leaves free, as the converters to GGUF do.</summary>
    private static List<(string Text, TokenType Type)> Padded(JsonFields model, SortedDictionary<int, (string Text, TokenType Type)> byId, int? size)
    {
        if (byId.Count == 0) throw model.Error("\"vocab\" is empty");
        var count = size ?? byId.Keys.Last() + 1;
        if (count - byId.Count > MostPadding) throw model.Error($"the vocabulary has {byId.Count} entries, but {count} are expected");
        var entries = new List<(string Text, TokenType Type)>(count);
        for (var id = 0; id < count; id++) entries.Add(byId.TryGetValue(id, out var entry) ? entry : ($"[PAD{id}]", TokenType.Unused));
        return entries;
    }

    /// <summary>Merges are written "left right" or, in newer files, ["left", "right"].</summary>
    private static List<string> Merges(JsonFields model)
    {
        var merges = new List<string>();
        foreach (var item in model.Items("merges"))
        {
            if (item.ValueKind != JsonValueKind.Array)
            {
                merges.Add(model.Text(item, "merges"));
                continue;
            }
            if (item.GetArrayLength() != 2) throw model.Error($"merge {merges.Count} has {item.GetArrayLength()} parts, expected 2");
            merges.Add($"{model.Text(item[0], "merges")} {model.Text(item[1], "merges")}");
        }
        return merges;
    }

    /// <summary>SentencePiece merges the pair of highest score first: the earlier the merge, the higher.</summary>
    private static float[] Scores(Dictionary<string, int> ids, List<string> merges, int count)
    {
        var scores = new float[count];
        Array.Fill(scores, -1e6f);
        for (var rank = merges.Count - 1; rank >= 0; rank--)
            if (ids.TryGetValue(merges[rank].Replace(" ", "", StringComparison.Ordinal), out var id)) scores[id] = -rank;
        return scores;
    }

    /// <summary>A special token in the settings: its text, or an object that holds it.</summary>
    private static string? Text(JsonFields? settings, string key) =>
        settings?.Get(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? settings.Value.Object(value, key).Text("content")
        : settings.Value.Text(value, key);

    private static int? Special(JsonFields? settings, Dictionary<string, int> ids, string key) =>
        Text(settings, key) is { } text && ids.TryGetValue(text, out var id) ? id : null;

    /// <summary>Whether the template that is put around a text starts with the BOS token.</summary>
    private static bool? AddsBos(JsonFields tokenizer, string? bos)
    {
        if (bos is null || tokenizer.Object("post_processor") is not { } root) return null;
        var steps = root.Text("type") == "Sequence" ? root.Items("processors").Select(step => root.Object(step, "processors")) : [root];
        foreach (var step in steps.Where(step => step.Text("type") == "TemplateProcessing"))
            if (step.Items("single").Select(item => step.Object(item, "single")).FirstOrDefault() is { Element.ValueKind: JsonValueKind.Object } first)
                return first.Object("SpecialToken")?.Text("id") == bos;
        return false;
    }

    private static bool AddsSpace(JsonFields tokenizer) =>
        tokenizer.Object("pre_tokenizer") is { } pre && pre.Text("type") == "Metaspace"
            ? pre.Text("prepend_scheme") != "never" && pre.Boolean("add_prefix_space") != false
            : tokenizer.Element.TryGetProperty("normalizer", out var normalizer) && normalizer.ValueKind == JsonValueKind.Object
                && normalizer.GetRawText().Contains("\"Prepend\"", StringComparison.Ordinal);

    private static bool IsByte(string text) => text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>';
}
