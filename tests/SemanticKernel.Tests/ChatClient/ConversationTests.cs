using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;

namespace AgentRuntime.SemanticKernel.Tests.ChatClient;

/// <summary>What every chat client has to do: replies, streams, usage, history.</summary>
public sealed class ConversationTests : IAsyncLifetime
{
    private ScriptedModel _model = null!;
    private EngineChatClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _model = await ScriptedModel.LoadAsync();
        _client = new(_model.Engine);
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task One_message_is_replied_to()
    {
        _model.Wants("A whale.");
        var response = await _client.GetResponseAsync("What is the biggest animal?");
        Assert.Equal(("A whale.", ChatFinishReason.Stop), (response.Text, response.FinishReason));
        Assert.Equal((ChatRole.Assistant, "synthetic tiny-test"), (Assert.Single(response.Messages).Role, response.ModelId));
        Assert.False(string.IsNullOrEmpty(response.ResponseId));
    }

    [Fact]
    public async Task Several_messages_are_one_conversation()
    {
        _model.Wants("No rats.");
        var response = await _client.GetResponseAsync(
        [
            new(ChatRole.User, "What are the biggest and smallest of these?"), new(ChatRole.User, [new TextContent("whale, "), new TextContent("elephant, rat")]),
            new(ChatRole.Assistant, "Whale and rat."), new(ChatRole.User, "And without rats?"),
        ]);
        Assert.Equal("No rats.", response.Text);
    }

    [Fact]
    public async Task Empty_contents_do_no_harm()
    {
        _model.Wants("Paris.");
        var response = await _client.GetResponseAsync([new(ChatRole.System, []), new(ChatRole.User, []), new(ChatRole.Assistant, []), new(ChatRole.User, "Capital of France?")]);
        Assert.Equal("Paris.", response.Text);
    }

    [Fact]
    public async Task Text_streams_piece_by_piece()
    {
        _model.Wants("To the moon and back.");
        var updates = await _client.GetStreamingResponseAsync("Quote").ToListAsync();
        Assert.True(updates.Count(u => u.Text.Length > 0) > 3);
        Assert.Equal("To the moon and back.", string.Concat(updates.Select(u => u.Text)));
        Assert.Single(updates.Select(u => u.ResponseId).Distinct());
        Assert.Equal(ChatFinishReason.Stop, updates[^1].FinishReason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Usage_says_what_was_computed(bool streaming)
    {
        _model.Wants("One.");
        var response = streaming
            ? await _client.GetStreamingResponseAsync("Count").ToChatResponseAsync()
            : await _client.GetResponseAsync("Count");
        var usage = response.Usage!;
        Assert.Equal(usage.TotalTokenCount, usage.InputTokenCount + usage.OutputTokenCount);
        Assert.True(usage.InputTokenCount > 1 && usage.OutputTokenCount > 1);
        Assert.Equal((0L, 0L), (usage.CachedInputTokenCount!.Value, usage.ReasoningTokenCount!.Value));
        // The token that ends the reply is computed with what comes after it.
        Assert.Equal(usage.TotalTokenCount - 1, usage.AdditionalCounts![EngineChatProperties.ComputedTokens]);
        foreach (var name in new[] { EngineChatProperties.QueueTime, EngineChatProperties.TimeToFirstToken, EngineChatProperties.PrefillTime, EngineChatProperties.DecodeTime })
            Assert.InRange(usage.AdditionalCounts[name], 0, 60_000_000);
        Assert.True(usage.AdditionalCounts[EngineChatProperties.TimeToFirstToken] > 0);
    }

    [Fact]
    public async Task Reasoning_is_a_content_of_its_own_and_counted()
    {
        _model.Wants("<think>\nhm hm\n</think>\nYes.", "<think>\nhm\n</think>\nNo.");
        var shown = await _client.GetResponseAsync("Really?");
        Assert.Equal(("Yes.", "hm hm"), (shown.Text.Trim(), shown.Messages[0].Contents.OfType<TextReasoningContent>().Aggregate("", (text, c) => text + c.Text).Trim()));
        Assert.True(shown.Usage!.ReasoningTokenCount > 0);

        var hidden = await _client.GetResponseAsync("Really?", new() { Reasoning = new() { Output = ReasoningOutput.None } });
        Assert.Equal("No.", hidden.Text.Trim());
        Assert.DoesNotContain(hidden.Messages[0].Contents, c => c is TextReasoningContent);
        Assert.True(hidden.Usage!.ReasoningTokenCount > 0);
    }

    [Fact]
    public async Task A_reply_that_is_cut_off_says_so()
    {
        _model.Wants("one two three four five");
        var response = await _client.GetResponseAsync("Count", new() { MaxOutputTokens = 3 });
        Assert.Equal((ChatFinishReason.Length, 3L), (response.FinishReason, response.Usage!.OutputTokenCount));
    }

    [Fact]
    public async Task A_counting_reducer_keeps_the_conversation_short()
    {
#pragma warning disable MEAI001 // Reducers are new in Microsoft.Extensions.AI.
        using var reducing = _client.AsBuilder().UseChatReducer(new MessageCountingChatReducer(2)).Build();
#pragma warning restore MEAI001
        List<ChatMessage> history = [];
        for (var turn = 0; turn < 4; turn++)
        {
            _model.Wants($"Reply {turn}.");
            history.Add(new(ChatRole.User, $"Turn {turn}"));
            var response = await reducing.GetResponseAsync(history);
            Assert.Equal($"Reply {turn}.", response.Text);
            Assert.InRange(response.Usage!.InputTokenCount!.Value, 1, 100);
            history.AddMessages(response);
        }
    }
}
