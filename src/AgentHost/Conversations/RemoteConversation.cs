using System.Runtime.CompilerServices;
using AgentRuntime.AgentHost.Salvage;
using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;
using Polly;
using Polly.Retry;

namespace AgentRuntime.AgentHost.Conversations;

/// <summary>
/// A conversation with any <see cref="IChatClient"/>. The whole history is sent each time, as such clients want it; a
/// request that fails before its first piece of text is tried again. Tool calls are repaired where it is certain what was
/// meant, also those that the endpoint left in the text.
/// </summary>
public sealed class RemoteConversation : IConversation
{
    private readonly IChatClient _client;
    private readonly ChatOptions _options;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline _retry;
    private readonly List<ChatMessage> _history;
    private GenerationOptions? _generation;
    private readonly CallSalvage _salvage;

    /// <summary>Creates an empty conversation. The client stays the caller's to dispose.</summary>
    /// <param name="client">The client.</param>
    /// <param name="options">Model, tools and sampling for every request.</param>
    /// <param name="time">The clock, also for the delays between tries.</param>
    public RemoteConversation(IChatClient client, ChatOptions options, TimeProvider? time = null)
        : this(client, options, time ?? TimeProvider.System, []) { }

    private RemoteConversation(IChatClient client, ChatOptions options, TimeProvider time, List<ChatMessage> history)
    {
        _client = client;
        _options = options;
        _time = time;
        _history = history;
        _salvage = new(options.Tools ?? []);
        _retry = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<IOException>().Handle<TimeoutException>(),
                MaxRetryAttempts = 4,
                Delay = TimeSpan.FromSeconds(1),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .Build();
    }

    /// <inheritdoc/>
    public string Model => _options.ModelId ?? _client.GetService<ChatClientMetadata>()?.DefaultModelId ?? "remote";

    /// <inheritdoc/>
    public int ContextTokens { get; private set; }

    /// <inheritdoc/>
    public long ComputedTokens { get; private set; }

    /// <inheritdoc/>
    public GenerationOptions? Generation
    {
        get => _generation;
        set => _generation = value?.Constraint is null && value?.TokenMask is null ? value
            : throw new AgentException($"The model {Model} is a remote one, which cannot be held to a schema here; use a model on this machine.");
    }

    /// <inheritdoc/>
    public ValueTask AppendAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken = default)
    {
        _history.AddRange(messages);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask AppendReplyAsync(Reply reply, CancellationToken cancellationToken = default) => AppendAsync([reply.Message], cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplyEvent> RespondAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var start = _time.GetTimestamp();
        var (updates, first) = await _retry.ExecuteAsync(BeginAsync, cancellationToken).ConfigureAwait(false);
        await using var _ = updates.ConfigureAwait(false);
        var firstToken = _time.GetElapsedTime(start);

        List<ChatResponseUpdate> received = [];
        for (var more = first; more; more = await updates.MoveNextAsync().ConfigureAwait(false))
        {
            received.Add(updates.Current);
            foreach (var content in updates.Current.Contents)
            {
                if (content is TextContent { Text.Length: > 0 } text) yield return new() { Text = text.Text };
                else if (content is TextReasoningContent { Text.Length: > 0 } reasoning) yield return new() { Reasoning = reasoning.Text };
            }
        }
        var reply = Complete(received.ToChatResponse(), start, firstToken);
        foreach (var call in reply.Calls) yield return new() { Call = call };
        yield return new() { Reply = reply };
    }

    /// <inheritdoc/>
    public ValueTask<IConversation> ForkAsync(CancellationToken cancellationToken = default) =>
        new(new RemoteConversation(_client, _options, _time, [.. _history]) { ContextTokens = ContextTokens });

    /// <inheritdoc/>
    public ConversationCheckpoint Checkpoint() => new(_history.Count, ContextTokens);

    /// <inheritdoc/>
    public ValueTask RewindAsync(ConversationCheckpoint checkpoint, CancellationToken cancellationToken = default)
    {
        _history.RemoveRange(checkpoint.Messages, _history.Count - checkpoint.Messages);
        ContextTokens = checkpoint.Tokens;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<(IAsyncEnumerator<ChatResponseUpdate> Updates, bool Any)> BeginAsync(CancellationToken cancellationToken)
    {
        var updates = _client.GetStreamingResponseAsync(_history, Options(), cancellationToken).GetAsyncEnumerator(cancellationToken);
        try { return (updates, await updates.MoveNextAsync().ConfigureAwait(false)); }
        catch
        {
            await updates.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private ChatOptions Options()
    {
        if (_generation is not { } generation) return _options;
        var options = _options.Clone();
        (options.MaxOutputTokens, options.Temperature, options.Seed) = (generation.MaxTokens, generation.Temperature, (long?)generation.Seed);
        return options;
    }

    private Reply Complete(ChatResponse response, long start, TimeSpan firstToken)
    {
        List<AIContent> contents = [.. response.Messages.SelectMany(m => m.Contents).Select(c => c is FunctionCallContent call ? _salvage.Repair(call) : c)];
        var callsBefore = _history.Sum(m => m.Contents.Count(c => c is FunctionCallContent));
        var message = new ChatMessage(ChatRole.Assistant, [.. _salvage.TakeFromText(contents, callsBefore)]);
        _history.Add(message);
        var prompt = (int)(response.Usage?.InputTokenCount ?? 0);
        var output = (int)(response.Usage?.OutputTokenCount ?? 0);
        var cached = (int)(response.Usage?.CachedInputTokenCount ?? 0);
        var total = _time.GetElapsedTime(start);
        ContextTokens = prompt + output;
        ComputedTokens += prompt - cached + output;
        return new(message, [], response.FinishReason == ChatFinishReason.Length ? FinishReason.Length : FinishReason.Stop, new()
        {
            PromptTokens = prompt,
            CachedTokens = cached,
            OutputTokens = output,
            ComputedTokens = prompt - cached + output,
            TimeToFirstToken = firstToken,
            PrefillTime = firstToken,
            DecodeTime = total - firstToken,
        });
    }
}
