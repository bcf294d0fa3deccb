using System.Text.Json;

namespace AgentRuntime.Engine.Chat;

/// <summary>What a chat template renders. The JSON is in the form that Hugging Face's <c>apply_chat_template</c> passes.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>The conversation: objects with <c>role</c>, <c>content</c> and, where they apply, <c>tool_calls</c>, <c>tool_call_id</c>, <c>name</c>.</summary>
    public required IReadOnlyList<JsonElement> Messages { get; init; }

    /// <summary>The tools on offer, each <c>{type: "function", function: {name, description, parameters}}</c>; null for none.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary>Whether the text ends where the model's reply begins.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>Text of the beginning-of-sequence token.</summary>
    public string BosToken { get; init; } = "";

    /// <summary>Text of the end-of-sequence token.</summary>
    public string EosToken { get; init; } = "";

    /// <summary>Further variables, for instance <c>enable_thinking</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The clock that <c>strftime_now</c> reads.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// Reads an input from one JSON object: <c>messages</c>, <c>tools</c>, <c>add_generation_prompt</c>, <c>bos_token</c>,
    /// <c>eos_token</c>, <c>now</c> (the time, ISO 8601, that <c>strftime_now</c> sees); everything else is a variable.
    /// </summary>
    /// <exception cref="TemplateException">A part is missing or of the wrong type.</exception>
    public static ChatTemplateInput FromJson(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new TemplateException("the input must be a JSON object with 'messages'");
        IReadOnlyList<JsonElement>? messages = null, tools = null;
        var (addGenerationPrompt, bos, eos, clock) = (false, "", "", TimeProvider.System);
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in json.EnumerateObject())
        {
            switch (property.Name)
            {
                case "messages": messages = Array(property); break;
                case "tools": tools = Array(property); break;
                case "add_generation_prompt": addGenerationPrompt = property.Value.ValueKind == JsonValueKind.True; break;
                case "bos_token": bos = Text(property) ?? ""; break;
                case "eos_token": eos = Text(property) ?? ""; break;
                case "now": clock = Text(property) is { } now ? FixedClock.Parse(now) : clock; break;
                default: variables[property.Name] = property.Value; break;
            }
        }
        return new()
        {
            Messages = messages ?? throw new TemplateException("the input has no 'messages'"),
            Tools = tools,
            AddGenerationPrompt = addGenerationPrompt,
            BosToken = bos,
            EosToken = eos,
            Variables = variables,
            Clock = clock,
        };
    }

    private static IReadOnlyList<JsonElement>? Array(JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.Array => [.. property.Value.EnumerateArray()],
        JsonValueKind.Null => null,
        _ => throw new TemplateException($"'{property.Name}' of the input must be a list"),
    };

    private static string? Text(JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString(),
        JsonValueKind.Null => null,
        _ => throw new TemplateException($"'{property.Name}' of the input must be a text"),
    };
}
