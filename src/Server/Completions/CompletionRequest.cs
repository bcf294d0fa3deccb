using System.Text.Json;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Server.Http;

namespace AgentRuntime.Server.Completions;

/// <summary>A request of <c>/v1/completions</c>, checked.</summary>
internal sealed record CompletionRequest
{
    /// <summary>OpenAI's default number of tokens.</summary>
    private const int DefaultTokens = 16;

    /// <summary>Fields that clients send and that change nothing here.</summary>
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal) { "user", "store", "metadata", "service_tier" };

    public required IReadOnlyList<CompletionPrompt> Prompts { get; init; }

    public required GenerationOptions Generation { get; init; }

    /// <summary>Continuations of each prompt.</summary>
    public required int Choices { get; init; }

    public required bool Stream { get; init; }

    /// <summary>Whether a stream ends with the usage.</summary>
    public required bool IncludeUsage { get; init; }

    /// <exception cref="ApiException">A field is unknown, of another type or out of range.</exception>
    public static CompletionRequest Read(JsonFields fields, ServerContext server)
    {
        server.CheckModel(fields.RequireText("model"));
        fields.Refuse("suffix", "is not supported");
        fields.Refuse("echo", "is not supported");
        var choices = (int)(fields.Whole("n", 1, server.Options.MaxChoices) ?? 1);
        if (fields.Whole("best_of", 1, server.Options.MaxChoices) is { } best && best != choices) throw ApiException.Unsupported("best_of", "can only be n");
        var prompts = ReadPrompts(fields.Require("prompt"), server);
        if (prompts.Count * choices > server.Options.MaxChoices) throw ApiException.Invalid("prompt", $"asks for more than {server.Options.MaxChoices} continuations together with n");
        var streaming = fields.Object("stream_options");
        var includeUsage = streaming?.Flag("include_usage") ?? false;
        streaming?.Flag("include_obfuscation");
        streaming?.RefuseUnknown(new HashSet<string>());
        var logprobs = fields.Whole("logprobs", 0, 20);
        var request = new CompletionRequest
        {
            Prompts = prompts,
            Generation = SamplingFields.Read(fields, server.Options.Chat.Generation) with
            {
                MaxTokens = SamplingFields.MaxTokens(fields, server.Options, DefaultTokens, "max_tokens"),
                LogProbabilities = logprobs is not null,
                TopLogProbabilities = (int)(logprobs ?? 0),
            },
            Choices = choices,
            Stream = fields.Flag("stream") ?? false,
            IncludeUsage = includeUsage,
        };
        fields.RefuseUnknown(Ignored);
        return request;
    }

    // A text, token ids, or an array of either.
    private static List<CompletionPrompt> ReadPrompts(JsonElement value, ServerContext server)
    {
        const string name = "prompt";
        if (value.ValueKind == JsonValueKind.String) return [CompletionPrompt.FromText(value.GetString()!, name, server)];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0) throw ApiException.Invalid(name, "must be a text, token ids, or an array of these, and not be empty");
        if (value[0].ValueKind == JsonValueKind.Number) return [CompletionPrompt.FromTokens(value, name, server)];
        if (value.GetArrayLength() > server.Options.MaxChoices) throw ApiException.Invalid(name, $"must hold at most {server.Options.MaxChoices} prompts");
        return [.. JsonFields.ItemsOf(value, name).Select(item => item.Value.ValueKind == JsonValueKind.String
            ? CompletionPrompt.FromText(item.Value.GetString()!, item.Path, server)
            : CompletionPrompt.FromTokens(item.Value, item.Path, server))];
    }
}
