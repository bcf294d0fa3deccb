using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>
/// The engine as an <see cref="IChatClient"/>. A call costs its new tokens, whether the caller sends the whole history
/// each time or continues by <see cref="ChatOptions.ConversationId"/>. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Every response carries the id of the conversation as it is after it. With that id the next call sends what is new
/// only; the same id can be continued several times, each time from the same place. Replies stay in the context as they
/// were generated, reasoning included, whether or not the caller sends that back.
/// Instructions, tools and reasoning effort hold for one call and are given with each; other ones change the front of the
/// prompt, and then the conversation is computed anew. A response format of JSON holds the reply to its schema, after the
/// reasoning where the template opens one; it does not tell the model of it. Errors are <see cref="EngineException"/>s.
/// </remarks>
public sealed class EngineChatClient : IChatClient
{
    private readonly InferenceEngine _engine;
    private readonly TimeProvider _time;
    private readonly ConversationMemory _memory;
    private readonly ChatPromptBuilder _prompts;
    private readonly ChatOptionsReader _options;
    private readonly ResponseSchemas _schemas;
    private readonly ToolCallGrammars _calls;

    /// <summary>Creates a client.</summary>
    /// <param name="engine">The engine; it stays the caller's to dispose, after the client. Several clients may share it.</param>
    /// <param name="options">Defaults and limits.</param>
    /// <exception cref="ModelFormatException">The model has no chat template.</exception>
    /// <exception cref="TemplateException">The chat template is not valid.</exception>
    /// <exception cref="EngineException">An option is out of range.</exception>
    public EngineChatClient(InferenceEngine engine, EngineChatClientOptions? options = null)
    {
        options ??= new();
        options.Validate();
        var source = engine.ChatTemplateSource
            ?? throw new ModelFormatException($"The model {engine.Model.Name} has no chat template, so it cannot hold a conversation; use an instruction-tuned model.");
        _engine = engine;
        _time = options.TimeProvider;
        _memory = new(options);
        _prompts = new(engine, ChatTemplate.Parse(source), _memory);
        _options = new(this, options.Generation, engine.Model.Name, source);
        _schemas = new(engine.Tokenizer);
        _calls = new(engine.Tokenizer, options, knowsReasoning: source.Contains(MarkedCallParser.ThinkStart, StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    /// <exception cref="EngineException">An option is refused, or the engine cannot compute it; see the derived types.</exception>
    /// <exception cref="ConversationLostException">The conversation id is not known.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the conversation stays as it was.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (var update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false)) updates.Add(update);
        var response = updates.ToChatResponse();
        // Joined updates leave their properties with the message; these are about the response.
        foreach (var message in response.Messages) message.AdditionalProperties = null;
        response.AdditionalProperties = updates[^1].AdditionalProperties;
        return response;
    }

    /// <inheritdoc/>
    /// <remarks>Text and reasoning come as they are generated, each call when it is complete. The last update has usage, finish reason and conversation id.
    /// The raw representation of an update is the list of <see cref="TokenEvent"/>s that it was made of.</remarks>
    /// <exception cref="EngineException">An option is refused, or the engine cannot compute it; see the derived types.</exception>
    /// <exception cref="ConversationLostException">The conversation id is not known.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the conversation stays as it was.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var request = _options.Read(messages, options);
        var prompt = _prompts.Build(request);
        var format = _prompts.Renderer(request.Setup).Format;
        var mask = Mask(format, request, prompt.OpensReasoning);
        var parserOptions = new ToolCallParserOptions { StartsInReasoning = prompt.OpensReasoning, CallsBefore = prompt.Calls, Schemas = new(request.Setup.Tools), IsHeld = mask is not null };
        var generation = request.Generation with { Operation = "chat", TokenMask = mask ?? request.Generation.TokenMask };
        var reply = new ChatReply(_engine.Tokenizer, format, parserOptions, request);
        var id = $"resp_{Guid.NewGuid():N}";

        using var session = _engine.CreateSession();
        session.Append(prompt.Tokens);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<TokenEvent> events = [];
        await foreach (var e in session.GenerateAsync(generation, enough.Token).ConfigureAwait(false))
        {
            events.Add(e);
            if (!enough.IsCancellationRequested && reply.Push(e) is { Count: > 0 } contents)
            {
                yield return Update(id, contents, events);
                events = [];
            }
            if (request.OneCall && reply.Calls > 0) await enough.CancelAsync().ConfigureAwait(false);
            if (e is not { Usage: { } usage, FinishReason: { } reason }) continue;

            cancellationToken.ThrowIfCancellationRequested();
            if (reply.Finish(generation.CutOff(reason)) is { Count: > 0 } rest) yield return Update(id, rest);
            yield return Last(id, request, prompt, reply, usage, reason, events);
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        if (serviceType == typeof(ChatClientMetadata)) return new ChatClientMetadata("agentruntime", null, _engine.Model.Name);
        if (serviceType == typeof(InferenceEngine)) return _engine;
        return serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Forgets the conversations. The engine goes on.</summary>
    public void Dispose() => _memory.Clear();

    /// <summary>What holds the reply: to calls of the tools, to a schema, or to either; null when nothing does.</summary>
    private ITokenMask? Mask(IToolCallFormat format, ChatRequest request, bool startsInReasoning)
    {
        if (request.Schema is not { } schema || request.ToolMode is RequiredChatToolMode) return _calls.Mask(format, request, startsInReasoning);
        var calls = request.AllowsCalls ? _calls.Mask(format, request with { ToolMode = ChatToolMode.RequireAny }, startsInReasoning) : null;
        return _schemas.Mask(schema, format, startsInReasoning, request.Generation.ThinkingBudget, calls);
    }

    private ChatResponseUpdate Update(string id, IList<AIContent> contents, IReadOnlyList<TokenEvent>? events = null) => new(ChatRole.Assistant, contents)
    {
        RawRepresentation = events,
        ResponseId = id,
        MessageId = id,
        ModelId = _engine.Model.Name,
        CreatedAt = _time.GetUtcNow(),
    };

    private ChatResponseUpdate Last(string id, ChatRequest request, ChatPrompt prompt, ChatReply reply, Usage usage, FinishReason reason, IReadOnlyList<TokenEvent> events)
    {
        var conversation = new KnownConversation
        {
            Id = $"conv_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}",
            Key = ChatSetup.Extend(prompt.Key, reply.Message),
            SetupKey = request.Setup.Key,
            Messages = [.. prompt.Messages, reply.Message],
            Opening = prompt.Opening,
            Tokens = [.. prompt.Tokens, .. reply.Tokens(reason)],
            EndText = reply.EndText,
            HasAddedBos = prompt.HasAddedBos,
            IsPlain = prompt.IsPlain && reply.IsPlain,
            Calls = prompt.Calls + reply.Calls,
        };
        _memory.Add(conversation);
        _prompts.Remember(conversation);

        var update = Update(id, [new UsageContent(ChatUsage.From(usage, reply.ReasoningTokens))], events);
        update.ConversationId = conversation.Id;
        update.FinishReason = reason == FinishReason.Length ? ChatFinishReason.Length
            : reply.Calls > 0 ? ChatFinishReason.ToolCalls
            : ChatFinishReason.Stop;
        if (prompt.Expected is { } expected && CacheMissExplanation.Explain(_engine.Tokenizer, expected, prompt.Tokens, usage.CachedTokens) is { } miss)
            update.AdditionalProperties = new() { [EngineChatProperties.CacheMiss] = miss };
        return update;
    }
}
