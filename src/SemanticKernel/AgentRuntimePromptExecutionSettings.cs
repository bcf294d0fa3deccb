using System.Text.Json;
using System.Text.Json.Serialization;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;

namespace AgentRuntime.SemanticKernel;

/// <summary>
/// Settings of a prompt for the engine. What is null is left to <see cref="EngineChatClientOptions.Generation"/>. Ranges are
/// those of <see cref="Engine.Sessions.GenerationOptions"/> and are checked with the request; a setting that the engine does
/// not know is refused by its name.
/// </summary>
public sealed class AgentRuntimePromptExecutionSettings : PromptExecutionSettings
{
    private float? _temperature;
    private float? _topP;
    private int? _topK;
    private float? _minP;
    private float? _repetitionPenalty;
    private int? _repetitionWindow;
    private long? _seed;
    private int? _maxTokens;
    private IList<string>? _stopSequences;
    private bool? _ignoreEos;
    private int? _thinkingBudget;
    private object? _responseFormat;
    private string? _reasoningEffort;
    private string? _chatSystemPrompt;

    /// <summary>0 for the likeliest token each time; higher values give more varied text. At least 0.</summary>
    [JsonPropertyName("temperature"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? Temperature { get => _temperature; set => Set(ref _temperature, value); }

    /// <summary>Only the likeliest tokens whose probabilities reach this sum; above 0, 1 for all.</summary>
    [JsonPropertyName("top_p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? TopP { get => _topP; set => Set(ref _topP, value); }

    /// <summary>Only this many of the likeliest tokens; 0 for all.</summary>
    [JsonPropertyName("top_k"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? TopK { get => _topK; set => Set(ref _topK, value); }

    /// <summary>Only tokens at least this share as likely as the likeliest; 0 to 1.</summary>
    [JsonPropertyName(EngineChatProperties.MinP), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? MinP { get => _minP; set => Set(ref _minP, value); }

    /// <summary>Makes recent tokens less likely; above 0, 1 for no effect.</summary>
    [JsonPropertyName(EngineChatProperties.RepetitionPenalty), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? RepetitionPenalty { get => _repetitionPenalty; set => Set(ref _repetitionPenalty, value); }

    /// <summary>How many tokens count as recent for the <see cref="RepetitionPenalty"/>; at least 0.</summary>
    [JsonPropertyName(EngineChatProperties.RepetitionWindow), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? RepetitionWindow { get => _repetitionWindow; set => Set(ref _repetitionWindow, value); }

    /// <summary>The same seed, settings and conversation give the same reply.</summary>
    [JsonPropertyName("seed"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Seed { get => _seed; set => Set(ref _seed, value); }

    /// <summary>Most tokens of a reply, at least 1.</summary>
    [JsonPropertyName("max_tokens"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxTokens { get => _maxTokens; set => Set(ref _maxTokens, value); }

    /// <summary>Texts that end the reply and are not part of it.</summary>
    [JsonPropertyName("stop_sequences"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IList<string>? StopSequences { get => _stopSequences; set => Set(ref _stopSequences, value); }

    /// <summary>Whether to write on past the token that ends a reply.</summary>
    [JsonPropertyName(EngineChatProperties.IgnoreEos), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IgnoreEos { get => _ignoreEos; set => Set(ref _ignoreEos, value); }

    /// <summary>Most tokens of reasoning; at least 0. Null for no limit.</summary>
    [JsonPropertyName(EngineChatProperties.ThinkingBudget), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ThinkingBudget { get => _thinkingBudget; set => Set(ref _thinkingBudget, value); }

    /// <summary>
    /// What the reply must be: <c>text</c>, <c>json_object</c>, a JSON schema (<see cref="JsonElement"/>), a
    /// <see cref="Type"/> whose schema it is, or a <see cref="ChatResponseFormat"/>. The type is written to JSON as its schema.
    /// </summary>
    [JsonPropertyName("response_format"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonConverter(typeof(ResponseFormatJsonConverter))]
    public object? ResponseFormat { get => _responseFormat; set => Set(ref _responseFormat, value); }

    /// <summary>How much a reasoning model thinks: <c>none</c>, <c>low</c>, <c>medium</c>, <c>high</c> or <c>xhigh</c>, as far as its template knows.</summary>
    [JsonPropertyName("reasoning_effort"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningEffort { get => _reasoningEffort; set => Set(ref _reasoningEffort, value); }

    /// <summary>A system message before the conversation.</summary>
    [JsonPropertyName("chat_system_prompt"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ChatSystemPrompt { get => _chatSystemPrompt; set => Set(ref _chatSystemPrompt, value); }

    /// <summary>Settings of any connector as this one's, by their names in JSON; what is not known here stays in <see cref="PromptExecutionSettings.ExtensionData"/>.</summary>
    /// <param name="settings">The settings, or null for the defaults.</param>
    /// <returns>The same object when it is of this type already.</returns>
    /// <exception cref="EngineException">A setting has a value of the wrong kind.</exception>
    public static AgentRuntimePromptExecutionSettings FromExecutionSettings(PromptExecutionSettings? settings)
    {
        if (settings is null) return new();
        if (settings is AgentRuntimePromptExecutionSettings own) return own;
        try
        {
            var json = JsonSerializer.SerializeToElement(settings, settings.GetType());
            var read = json.Deserialize<AgentRuntimePromptExecutionSettings>(Reading)!;
            // Holds references to functions, which JSON does not.
            read.FunctionChoiceBehavior = settings.FunctionChoiceBehavior;
            return read;
        }
        catch (JsonException e)
        {
            throw new EngineException($"The settings {settings.GetType().Name} do not fit the engine: {e.Path} has a value of the wrong kind.");
        }
    }

    /// <inheritdoc/>
    public override void Freeze()
    {
        if (IsFrozen) return;
        base.Freeze();
        if (_stopSequences is not null) _stopSequences = _stopSequences.AsReadOnly();
    }

    /// <inheritdoc/>
    public override PromptExecutionSettings Clone() => new AgentRuntimePromptExecutionSettings
    {
        ServiceId = ServiceId,
        ModelId = ModelId,
        FunctionChoiceBehavior = FunctionChoiceBehavior,
        ExtensionData = ExtensionData is null ? null : new Dictionary<string, object>(ExtensionData),
        Temperature = Temperature,
        TopP = TopP,
        TopK = TopK,
        MinP = MinP,
        RepetitionPenalty = RepetitionPenalty,
        RepetitionWindow = RepetitionWindow,
        Seed = Seed,
        MaxTokens = MaxTokens,
        StopSequences = StopSequences is null ? null : [.. StopSequences],
        IgnoreEos = IgnoreEos,
        ThinkingBudget = ThinkingBudget,
        ResponseFormat = ResponseFormat,
        ReasoningEffort = ReasoningEffort,
        ChatSystemPrompt = ChatSystemPrompt,
    };

    /// <inheritdoc/>
    protected override void PrepareChatOptionsForRequest(ChatOptions options)
    {
        // Semantic Kernel does not know these.
        if (ResponseFormat is not null) options.ResponseFormat = ResponseFormats.Of(ResponseFormat);
        if (string.Equals(ReasoningEffort, "none", StringComparison.OrdinalIgnoreCase))
            (options.Reasoning ??= new()).Effort = Microsoft.Extensions.AI.ReasoningEffort.None;
        else if (ReasoningEffort is not null && options.Reasoning?.Effort is null)
            throw new EngineException($"The reasoning effort '{ReasoningEffort}' is not known; use none, low, medium, high or xhigh.");
    }

    private static readonly JsonSerializerOptions Reading = new() { NumberHandling = JsonNumberHandling.AllowReadingFromString, PropertyNameCaseInsensitive = true };

    private void Set<T>(ref T field, T value)
    {
        ThrowIfFrozen();
        field = value;
    }
}
