using AgentRuntime.Engine.Sessions;
using AgentRuntime.Server.Diagnostics;
using AgentRuntime.Server.Http;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Chat;

/// <summary>A request of <c>/v1/chat/completions</c>, checked.</summary>
internal sealed record ChatCompletionRequest
{
    /// <summary>Fields that clients send and that change nothing here.</summary>
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "user", "store", "metadata", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "verbosity", "prediction",
    };

    public required List<ChatMessage> Messages { get; init; }

    /// <summary>How to reply, except for what differs between choices.</summary>
    public required ChatOptions Options { get; init; }

    public required GenerationOptions Generation { get; init; }

    public required int Choices { get; init; }

    public required bool Stream { get; init; }

    /// <summary>Whether a stream ends with the usage.</summary>
    public required bool IncludeUsage { get; init; }

    /// <exception cref="ApiException">A field is unknown, of another type or out of range.</exception>
    public static ChatCompletionRequest Read(JsonFields fields, ServerContext server)
    {
        server.CheckModel(fields.RequireText("model"));
        var options = new ChatOptions
        {
            ResponseFormat = FormatFields.Format(fields.Object("response_format")),
            Reasoning = FormatFields.Reasoning(fields.Text("reasoning_effort"), "reasoning_effort"),
        };
        ToolFields.Read(fields, options);
        fields.Refuse("functions", "is not supported; use tools");
        fields.Refuse("function_call", "is not supported; use tool_choice");
        fields.Refuse("audio", "is not supported");
        fields.Refuse("web_search_options", "is not supported");
        if (fields.Items("modalities").Any(m => !m.Value.ValueEquals("text"))) throw ApiException.Unsupported("modalities", "can only be text");
        var stream = fields.Flag("stream") ?? false;
        var streaming = fields.Object("stream_options");
        var includeUsage = streaming?.Flag("include_usage") ?? false;
        streaming?.Flag("include_obfuscation");
        streaming?.RefuseUnknown(new HashSet<string>());
        if (stream) server.StreamCalls(options);
        var logprobs = fields.Flag("logprobs") ?? false;
        var top = (int)(fields.Whole("top_logprobs", 0, 20) ?? 0);
        if (top > 0 && !logprobs) throw ApiException.Invalid("top_logprobs", "needs logprobs to be true");
        var request = new ChatCompletionRequest
        {
            Messages = ChatMessageReader.Read(fields),
            Options = options,
            Generation = SamplingFields.Read(fields, server.Options.Chat.Generation) with
            {
                MaxTokens = SamplingFields.MaxTokens(fields, server.Options, server.Options.DefaultOutputTokens, "max_tokens", "max_completion_tokens"),
                LogProbabilities = logprobs,
                TopLogProbabilities = top,
            },
            Choices = (int)(fields.Whole("n", 1, server.Options.MaxChoices) ?? 1),
            Stream = stream,
            IncludeUsage = includeUsage,
        };
        fields.RefuseUnknown(Ignored);
        return request;
    }

    /// <summary>The options of one choice.</summary>
    public ChatOptions ForChoice(int index, GenerationClock clock)
    {
        var options = Options.Clone();
        var generation = SamplingFields.ForChoice(Generation, index) with { PrefillProgress = clock };
        options.RawRepresentationFactory = _ => generation;
        return options;
    }
}
