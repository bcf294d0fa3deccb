using System.Globalization;
using System.Text.Json;
using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>Reads the options of a request: each member is honoured or refused by its name.</summary>
internal sealed class ChatOptionsReader(EngineChatClient client, GenerationOptions defaults, string modelName, string templateSource)
{
    private const string EnableThinking = "enable_thinking";
    private const string ReasoningEffortVariable = "reasoning_effort";

    /// <exception cref="EngineException">An option is not supported or out of its range.</exception>
    public ChatRequest Read(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        options ??= new();
        RefuseUnsupported(options);
        var tools = options.Tools ?? [];
        var generation = Generation(options);
        generation.Validate();
        return new()
        {
            Messages = [.. messages],
            ConversationId = options.ConversationId,
            Setup = new(options.Instructions, [.. tools], Variables(options.Reasoning?.Effort)),
            Generation = generation,
            ToolMode = options.ToolMode ?? ChatToolMode.Auto,
            AllowsCalls = tools.Count > 0 && options.ToolMode is not NoneChatToolMode,
            OneCall = options.AllowMultipleToolCalls == false,
            StreamsCalls = options.AdditionalProperties?.TryGetValue(EngineChatProperties.StreamCalls, out var streams) == true && Truth(EngineChatProperties.StreamCalls, streams),
            ShowsReasoning = options.Reasoning?.Output != ReasoningOutput.None,
            Schema = Schema(options, generation),
        };
    }

    /// <summary>The schema that the reply must satisfy, or null for text.</summary>
    private static string? Schema(ChatOptions options, GenerationOptions generation)
    {
        if (options.ResponseFormat is not ChatResponseFormatJson json) return null;
        const string name = nameof(options.ResponseFormat);
        Refuse(generation.TokenMask is not null || generation.Constraint is not null, name, $"cannot be JSON beside a mask or constraint of {nameof(GenerationOptions)}");
        return json.Schema?.GetRawText() ?? """{"type":"object"}""";
    }

    private void RefuseUnsupported(ChatOptions options)
    {
        Refuse(options.ModelId is { } model && model != modelName, nameof(options.ModelId), $"is not the model of this client; leave it out or say {modelName}");
        Refuse(options.FrequencyPenalty is not (null or 0), nameof(options.FrequencyPenalty), $"is not supported; use the additional property {EngineChatProperties.RepetitionPenalty}");
        Refuse(options.PresencePenalty is not (null or 0), nameof(options.PresencePenalty), $"is not supported; use the additional property {EngineChatProperties.RepetitionPenalty}");
        Refuse(options.ResponseFormat is not (null or ChatResponseFormatText or ChatResponseFormatJson), nameof(options.ResponseFormat), "must be text or JSON");
        Refuse(options.ToolMode is not (null or AutoChatToolMode or NoneChatToolMode or RequiredChatToolMode), nameof(options.ToolMode), "must be auto, none or required");
        Refuse(options.AllowBackgroundResponses == true, nameof(options.AllowBackgroundResponses), "is not supported; stream the response");
        Refuse(options.ContinuationToken is not null, nameof(options.ContinuationToken), "is not supported, for there are no background responses");
        Refuse(options.Reasoning?.Output == ReasoningOutput.Summary, "Reasoning.Output", "cannot be a summary; use none or full");
        var foreign = options.Tools?.FirstOrDefault(t => t is not AIFunctionDeclaration);
        Refuse(foreign is not null, nameof(options.Tools), $"can only hold functions, and {foreign?.Name} is none");
    }

    private GenerationOptions Generation(ChatOptions options)
    {
        var raw = options.RawRepresentationFactory?.Invoke(client);
        Refuse(raw is not (null or GenerationOptions), nameof(options.RawRepresentationFactory), $"must make {nameof(GenerationOptions)}");
        var generation = raw as GenerationOptions ?? defaults;
        generation = generation with
        {
            MaxTokens = options.MaxOutputTokens ?? generation.MaxTokens,
            Temperature = options.Temperature ?? generation.Temperature,
            TopP = options.TopP ?? generation.TopP,
            TopK = options.TopK ?? generation.TopK,
            Seed = options.Seed is { } seed ? unchecked((ulong)seed) : generation.Seed,
            StopSequences = options.StopSequences is { } stops ? [.. stops] : generation.StopSequences,
        };
        foreach (var (name, value) in options.AdditionalProperties ?? [])
        {
            generation = name switch
            {
                EngineChatProperties.MinP => generation with { MinP = (float)Number(name, value) },
                EngineChatProperties.RepetitionPenalty => generation with { RepetitionPenalty = (float)Number(name, value) },
                EngineChatProperties.RepetitionWindow => generation with { RepetitionWindow = Whole(name, value) },
                EngineChatProperties.IgnoreEos => generation with { IgnoreEos = Truth(name, value) },
                EngineChatProperties.StreamCalls => generation,
                EngineChatProperties.ThinkingBudget => generation with { ThinkingBudget = Whole(name, value) },
                _ => throw new EngineException(
                    $"ChatOptions.AdditionalProperties holds {name}, which is not known here; known are {EngineChatProperties.MinP}, "
                    + $"{EngineChatProperties.RepetitionPenalty}, {EngineChatProperties.RepetitionWindow}, {EngineChatProperties.IgnoreEos}, {EngineChatProperties.StreamCalls} and {EngineChatProperties.ThinkingBudget}."),
            };
        }
        return generation;
    }

    /// <summary>An effort in the variables that chat templates know.</summary>
    private Dictionary<string, JsonElement> Variables(ReasoningEffort? effort)
    {
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (effort is not { } wanted) return variables;
        const string name = "Reasoning.Effort";
        if (templateSource.Contains(EnableThinking, StringComparison.Ordinal))
        {
            variables[EnableThinking] = JsonSerializer.SerializeToElement(wanted != ReasoningEffort.None);
        }
        else if (templateSource.Contains(ReasoningEffortVariable, StringComparison.Ordinal))
        {
            Refuse(wanted is ReasoningEffort.None or ReasoningEffort.ExtraHigh, name, "can be low, medium or high with this model");
            variables[ReasoningEffortVariable] = JsonSerializer.SerializeToElement(wanted switch
            {
                ReasoningEffort.Low => "low",
                ReasoningEffort.Medium => "medium",
                _ => "high",
            });
        }
        else
        {
            Refuse(wanted != ReasoningEffort.None, name, "cannot be set, for the model's chat template knows no reasoning");
        }
        return variables;
    }

    // Settings that were read from JSON come as JSON.
    private static object? Plain(object? value) => value is not JsonElement json ? value : json.ValueKind switch
    {
        JsonValueKind.Number => json.GetDouble(),
        JsonValueKind.True or JsonValueKind.False => json.GetBoolean(),
        _ => json.GetRawText(),
    };

    private static double Number(string name, object? value) => Plain(value) switch
    {
        string => throw Wrong(name, "a number", value),
        IConvertible number and not bool => number.ToDouble(CultureInfo.InvariantCulture),
        _ => throw Wrong(name, "a number", value),
    };

    private static int Whole(string name, object? value) =>
        Number(name, value) is var number && number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue ? (int)number : throw Wrong(name, "a whole number", value);

    private static bool Truth(string name, object? value) => Plain(value) is bool truth ? truth : throw Wrong(name, "true or false", value);

    private static EngineException Wrong(string name, string expected, object? value) =>
        new($"ChatOptions.AdditionalProperties: {name} must be {expected}, but is {value ?? "null"}.");

    private static void Refuse(bool refused, string name, string reason)
    {
        if (refused) throw new EngineException($"ChatOptions.{name} {reason}.");
    }
}
