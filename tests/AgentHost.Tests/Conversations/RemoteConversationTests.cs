using System.Runtime.CompilerServices;
using AgentRuntime.AgentHost.Conversations;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;

namespace AgentRuntime.AgentHost.Tests.Conversations;

public sealed class RemoteConversationTests
{
    [Fact]
    public async Task A_request_that_fails_before_its_first_text_is_tried_again()
    {
        var client = new FlakyClient(failures: 2);
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
        await using var conversation = new RemoteConversation(client, new(), time);
        await conversation.AppendAsync([new(ChatRole.User, "hi")]);
        var reply = ReplyAsync(conversation);
        while (!reply.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }
        Assert.Equal("hello", (await reply).Message.Text);
        Assert.Equal(3, client.Requests);
    }

    [Fact]
    public async Task The_whole_history_is_sent_and_usage_is_told()
    {
        var client = new FlakyClient(failures: 0);
        await using var conversation = new RemoteConversation(client, new());
        await conversation.AppendAsync([new(ChatRole.User, "one")]);
        var first = await ReplyAsync(conversation);
        await conversation.AppendAsync([new(ChatRole.User, "two")]);
        await ReplyAsync(conversation);
        Assert.Equal(["one", "hello", "two"], client.Sent);
        Assert.Equal((7, 5, 2), (first.Usage.PromptTokens, first.Usage.CachedTokens, first.Usage.OutputTokens));
    }

    [Fact]
    public async Task A_fork_goes_its_own_way()
    {
        var client = new FlakyClient(failures: 0);
        await using var conversation = new RemoteConversation(client, new());
        await conversation.AppendAsync([new(ChatRole.User, "one")]);
        await using var fork = await conversation.ForkAsync();
        await conversation.AppendAsync([new(ChatRole.User, "two")]);
        await ReplyAsync(fork);
        Assert.Equal(["one"], client.Sent);
    }

    [Fact]
    public async Task A_call_left_in_the_text_is_a_call_of_the_reply_and_of_the_history()
    {
        var client = new FlakyClient(failures: 0) { Text = ["<tool_call>{\"name\": \"look\", ", "\"arguments\": {\"where\": 3}}</tool_call>"] };
        var options = new ChatOptions { Tools = [AIFunctionFactory.Create((string where) => where, "look")] };
        await using var conversation = new RemoteConversation(client, options);
        await conversation.AppendAsync([new(ChatRole.User, "hi")]);
        var call = Assert.Single((await ReplyAsync(conversation)).Calls);
        Assert.Equal(("look", "3"), (call.Name, call.Arguments!["where"]!.ToString()));
        await conversation.AppendAsync([new(ChatRole.Tool, [new FunctionResultContent(call.CallId, "x")])]);
        await ReplyAsync(conversation);
        Assert.Equal(["call00001"], client.SentMessages.SelectMany(m => m.Contents.OfType<FunctionCallContent>()).Select(c => c.CallId));
    }

    private static async Task<Reply> ReplyAsync(IConversation conversation)
    {
        await foreach (var part in conversation.RespondAsync())
        {
            if (part.Reply is { } reply) return reply;
        }
        throw new InvalidOperationException("No reply.");
    }

    private sealed class FlakyClient(int failures) : IChatClient
    {
        public int Requests { get; private set; }

        public IReadOnlyList<string> Text { get; init; } = ["hel", "lo"];

        public IReadOnlyList<ChatMessage> SentMessages { get; private set; } = [];

        public IEnumerable<string> Sent => SentMessages.Select(m => m.Text);

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            SentMessages = [.. messages];
            await Task.Yield();
            if (++Requests <= failures) throw new HttpRequestException("connection refused");
            foreach (var piece in Text) yield return new(ChatRole.Assistant, piece);
            yield return new(ChatRole.Assistant, [new UsageContent(new() { InputTokenCount = 7, CachedInputTokenCount = 5, OutputTokenCount = 2 })]);
        }

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}
