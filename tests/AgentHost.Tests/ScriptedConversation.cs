using System.Runtime.CompilerServices;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests;

/// <summary>A model that says what a test wants: a function from the conversation so far to the next reply.</summary>
internal sealed class ScriptedConversation(Func<IReadOnlyList<ChatMessage>, ChatMessage> script) : IConversation
{
    private readonly List<ChatMessage> _messages = [];

    public ScriptedConversation(params ChatMessage[] replies)
        : this(messages => replies[messages.Count(m => m.Role == ChatRole.Assistant)]) { }

    public IReadOnlyList<ChatMessage> Messages => _messages;

    public int Generated { get; private set; }

    public string Model => "scripted";

    /// <summary>A token a character, so that budgets can be tested.</summary>
    public int ContextTokens => _messages.Sum(m => m.Contents.Sum(c => (c is FunctionResultContent r ? r.Result?.ToString() : c.ToString())?.Length ?? 0));

    public long ComputedTokens => ContextTokens;

    public GenerationOptions? Generation { get; set; }

    public static ChatMessage Text(string text) => new(ChatRole.Assistant, text);

    public static ChatMessage Call(string name, params (string Name, object? Value)[] arguments) =>
        Calls((name, arguments));

    public static ChatMessage Calls(params (string Name, (string Name, object? Value)[] Arguments)[] calls) => new(
        ChatRole.Assistant,
        [.. calls.Select((c, i) => new FunctionCallContent($"call{i}", c.Name, c.Arguments.ToDictionary(a => a.Name, a => a.Value)))]);

    public ValueTask AppendAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken = default)
    {
        _messages.AddRange(messages);
        return ValueTask.CompletedTask;
    }

    public ValueTask AppendReplyAsync(Reply reply, CancellationToken cancellationToken = default) => AppendAsync([reply.Message], cancellationToken);

    public async IAsyncEnumerable<ReplyEvent> RespondAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask;
        var message = script(_messages);
        Generated++;
        _messages.Add(message);
        if (message.Text.Length > 0) yield return new() { Text = message.Text };
        foreach (var call in message.Contents.OfType<FunctionCallContent>()) yield return new() { Call = call };
        yield return new()
        {
            Reply = new(message, [1, 2, 3], FinishReason.Stop, new() { PromptTokens = 10, CachedTokens = 8, OutputTokens = 3, ComputedTokens = 5 }),
        };
    }

    public ValueTask<IConversation> ForkAsync(CancellationToken cancellationToken = default)
    {
        var fork = new ScriptedConversation(script);
        fork._messages.AddRange(_messages);
        return new(fork);
    }

    public ConversationCheckpoint Checkpoint() => new(_messages.Count, ContextTokens);

    public ValueTask RewindAsync(ConversationCheckpoint checkpoint, CancellationToken cancellationToken = default)
    {
        _messages.RemoveRange(checkpoint.Messages, _messages.Count - checkpoint.Messages);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
