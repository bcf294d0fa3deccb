using System.Text.Json;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Server.Chat;
using AgentRuntime.Server.Diagnostics;
using AgentRuntime.Server.Http;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Responses;

/// <summary>A request of <c>/v1/responses</c>, checked.</summary>
internal sealed record ResponseRequest
{
    /// <summary>Fields that clients send and that change nothing here.</summary>
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "user", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "client_metadata", "include", "max_tool_calls", "stream_options",
    };

    public required List<ChatMessage> Messages { get; init; }

    public required ChatOptions Options { get; init; }

    public required bool Stream { get; init; }

    /// <summary>Whether a later request may go on from the response.</summary>
    public required bool Store { get; init; }

    /// <summary>What the answer repeats of the request.</summary>
    public required ResponseBody Echo { get; init; }

    /// <exception cref="ApiException">A field is unknown, of another type or out of range.</exception>
    /// <exception cref="Engine.Chat.ConversationLostException">The previous response is not kept.</exception>
    public static ResponseRequest Read(JsonFields fields, ServerContext server, ResponseStore store, GenerationClock clock)
    {
        server.CheckModel(fields.RequireText("model"));
        fields.Refuse("background", "is not supported; stream the response");
        fields.Refuse("conversation", "is not supported; use previous_response_id");
        fields.Refuse("prompt", "is not supported; use instructions and input");
        fields.Refuse("top_logprobs", "is not supported");
        fields.Refuse("context_management", "is not supported");
        if (fields.Text("truncation") is not (null or "disabled")) throw ApiException.Unsupported("truncation", "can only be disabled: nothing is left out of a conversation");
        var (text, reasoning) = (fields.Object("text"), fields.Object("reasoning"));
        var effort = reasoning?.Text("effort");
        var previous = fields.Text("previous_response_id");
        var options = new ChatOptions
        {
            Instructions = fields.Text("instructions"),
            ConversationId = previous is null ? null : store.Find(previous),
            ResponseFormat = FormatFields.Format(text?.Object("format")),
            Reasoning = FormatFields.Reasoning(effort, "reasoning.effort"),
        };
        ToolFields.Read(fields, options);
        var stream = fields.Flag("stream") ?? false;
        if (stream) server.StreamCalls(options);
        var generation = Generation(fields, server) with { PrefillProgress = clock };
        options.RawRepresentationFactory = _ => generation;
        var request = new ResponseRequest
        {
            Messages = ResponseInput.Read(fields.Require("input")),
            Options = options,
            Stream = stream,
            Store = fields.Flag("store") ?? true,
            Echo = new()
            {
                CreatedAt = server.Now,
                Model = server.ModelName,
                Instructions = options.Instructions,
                PreviousResponseId = previous,
                MaxOutputTokens = (int?)fields.Whole("max_output_tokens", 1, int.MaxValue),
                Temperature = generation.Temperature,
                TopP = generation.TopP,
                ParallelToolCalls = options.AllowMultipleToolCalls ?? true,
                Reasoning = new { effort, summary = (string?)null },
                Text = new { format = text?.Find("format") ?? JsonElement.Parse("""{"type":"text"}""") },
                ToolChoice = fields.Find("tool_choice") is { } choice ? choice : "auto",
                Tools = fields.Find("tools") is { } tools ? tools : Array.Empty<object>(),
                Metadata = fields.Object("metadata") is null ? new { } : fields.Find("metadata")!,
                Store = fields.Flag("store") ?? true,
            },
        };
        fields.RefuseUnknown(Ignored);
        return request;
    }

    private static GenerationOptions Generation(JsonFields fields, ServerContext server) => SamplingFields.Read(fields, server.Options.Chat.Generation) with
    {
        MaxTokens = SamplingFields.MaxTokens(fields, server.Options, server.Options.DefaultOutputTokens, "max_output_tokens"),
    };
}
