using System.ClientModel;
using System.Text.Json;
using OpenAI.Chat;

namespace AgentRuntime.Server.Tests.Chat;

/// <summary>Chat completions as OpenAI's own .NET client sees them.</summary>
public sealed class OpenAIChatTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly ChatTool Read = ChatTool.CreateFunctionTool("read", "Reads a file.", BinaryData.FromString("""{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}"""));
    private readonly ChatClient _chat = fixture.Server.OpenAI().GetChatClient(TestServer.Model);

    [Fact]
    public async Task A_reply_comes_with_reason_and_usage()
    {
        ChatCompletion reply = await _chat.CompleteChatAsync([new SystemChatMessage("You help."), new UserChatMessage("say:Hello, world.")]);
        Assert.Equal(("Hello, world.", ChatFinishReason.Stop, TestServer.Model), (reply.Content[0].Text, reply.FinishReason, reply.Model));
        Assert.True(reply.Usage.InputTokenCount > 10 && reply.Usage.OutputTokenCount > 3);
        Assert.Equal(reply.Usage.InputTokenCount + reply.Usage.OutputTokenCount, reply.Usage.TotalTokenCount);
        Assert.InRange(DateTimeOffset.UtcNow - reply.CreatedAt, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_history_that_is_sent_again_is_resident()
    {
        List<ChatMessage> history = [new UserChatMessage("Some words to begin with, so that there is a block. say:one two three")];
        ChatCompletion first = await _chat.CompleteChatAsync(history);
        history.AddRange([new AssistantChatMessage(first), new UserChatMessage("say:four")]);
        ChatCompletion second = await _chat.CompleteChatAsync(history);
        // All but the reply's last token, which was never computed.
        Assert.Equal(first.Usage.TotalTokenCount - 1, second.Usage.InputTokenDetails.CachedTokenCount);
        Assert.Equal("four", second.Content[0].Text);
    }

    [Fact]
    public async Task A_stream_says_the_same_piece_by_piece()
    {
        List<StreamingChatCompletionUpdate> updates = [];
        await foreach (var update in _chat.CompleteChatStreamingAsync([new UserChatMessage("say:Piece by piece, as it comes: Ω≈ç.")])) updates.Add(update);
        var text = string.Concat(updates.SelectMany(u => u.ContentUpdate).Select(c => c.Text));
        Assert.Equal("Piece by piece, as it comes: Ω≈ç.", text);
        Assert.True(updates.Count(u => u.ContentUpdate.Count > 0) > 5);
        Assert.Equal(ChatMessageRole.Assistant, updates[0].Role);
        Assert.Equal(ChatFinishReason.Stop, Assert.Single(updates, u => u.FinishReason is not null).FinishReason);
        Assert.Single(updates.Select(u => u.CompletionId).Distinct());
        // The client asks for the usage by itself.
        Assert.True(updates[^1].Usage.OutputTokenCount > 5);
    }

    [Fact]
    public async Task Tools_are_called_and_their_results_answered()
    {
        const string call = "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"ä b.cs\"}}\n</tool_call>";
        var options = new ChatCompletionOptions { Tools = { Read } };
        List<ChatMessage> history = [new UserChatMessage("say:Reading.\n" + call)];
        ChatCompletion first = await _chat.CompleteChatAsync(history, options);
        Assert.Equal(ChatFinishReason.ToolCalls, first.FinishReason);
        var wanted = Assert.Single(first.ToolCalls);
        Assert.Equal(("read", "{\"path\":\"ä b.cs\"}"), (wanted.FunctionName, wanted.FunctionArguments.ToString()));

        history.AddRange([new AssistantChatMessage(first), new ToolChatMessage(wanted.Id, "say:It is empty.")]);
        ChatCompletion second = await _chat.CompleteChatAsync(history, options);
        Assert.Equal(("It is empty.", ChatFinishReason.Stop), (second.Content[0].Text, second.FinishReason));
        Assert.Equal(first.Usage.TotalTokenCount - 1, second.Usage.InputTokenDetails.CachedTokenCount);
    }

    [Fact]
    public async Task Calls_stream_as_deltas()
    {
        const string call = "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.cs\"}}\n</tool_call>";
        List<StreamingChatCompletionUpdate> updates = [];
        await foreach (var update in _chat.CompleteChatStreamingAsync([new UserChatMessage($"say:{call}\n{call}")], new() { Tools = { Read } })) updates.Add(update);
        var calls = updates.SelectMany(u => u.ToolCallUpdates).GroupBy(c => c.Index).ToList();
        Assert.Equal([0, 1], calls.Select(c => c.Key));
        foreach (var parts in calls)
        {
            Assert.Equal("read", Assert.Single(parts, p => p.FunctionName is not null).FunctionName);
            Assert.NotEmpty(Assert.Single(parts, p => p.ToolCallId is not null).ToolCallId);
            var arguments = string.Concat(parts.Select(p => p.FunctionArgumentsUpdate?.ToString()));
            Assert.Equal("a.cs", JsonElement.Parse(arguments).GetProperty("path").GetString());
            // As they are written, not all at once.
            Assert.True(parts.Count() > 3, $"{parts.Count()} pieces");
        }
        Assert.Equal(2, calls.Select(c => c.First(p => p.ToolCallId is not null).ToolCallId).Distinct().Count());
        Assert.Contains(updates, u => u.FinishReason == ChatFinishReason.ToolCalls);
    }

    [Fact]
    public async Task A_call_can_be_required_or_named_or_kept_away()
    {
        // Whatever the model wants to say, only one call of each can be written.
        var paint = Choice("paint", "red");
        var open = Choice("open", "door");
        List<ChatMessage> messages = [new UserChatMessage("say:I would rather talk.")];
        foreach (var (choice, name) in ((ChatToolChoice, string)[])[(ChatToolChoice.CreateFunctionChoice("open"), "open"), (ChatToolChoice.CreateFunctionChoice("paint"), "paint")])
        {
            ChatCompletion named = await _chat.CompleteChatAsync(messages, new() { Tools = { paint, open }, ToolChoice = choice, AllowParallelToolCalls = false });
            Assert.Equal((ChatFinishReason.ToolCalls, name), (named.FinishReason, Assert.Single(named.ToolCalls).FunctionName));
        }
        ChatCompletion required = await _chat.CompleteChatAsync(messages, new() { Tools = { paint, open }, ToolChoice = ChatToolChoice.CreateRequiredChoice(), AllowParallelToolCalls = false });
        Assert.Contains(Assert.Single(required.ToolCalls).FunctionArguments.ToString(), (string[])["{\"what\":\"red\"}", "{\"what\":\"door\"}"]);
        ChatCompletion none = await _chat.CompleteChatAsync(messages, new() { Tools = { paint, open }, ToolChoice = ChatToolChoice.CreateNoneChoice() });
        Assert.Equal(("I would rather talk.", 0), (none.Content[0].Text, none.ToolCalls.Count));

        static ChatTool Choice(string name, string value) => ChatTool.CreateFunctionTool(name, "Does.", BinaryData.FromString(
            $$$"""{"type":"object","properties":{"what":{"enum":["{{{value}}}"]}},"required":["what"],"additionalProperties":false}"""));
    }

    [Fact]
    public async Task Output_is_held_to_a_schema()
    {
        List<ChatMessage> messages = [new UserChatMessage("say:no JSON at all")];
        var schema = BinaryData.FromString("""{"type":"object","properties":{"answer":{"enum":["yes"]}},"required":["answer"],"additionalProperties":false}""");
        ChatCompletion held = await _chat.CompleteChatAsync(messages, new() { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("answer", schema, jsonSchemaIsStrict: true) });
        Assert.Equal("yes", JsonElement.Parse(held.Content[0].Text).GetProperty("answer").GetString());
        ChatCompletion json = await _chat.CompleteChatAsync([new UserChatMessage("say:{\"a\":[1,2]}")], new() { ResponseFormat = ChatResponseFormat.CreateJsonObjectFormat() });
        Assert.Equal("{\"a\":[1,2]}", json.Content[0].Text);
        var error = await Assert.ThrowsAsync<ClientResultException>(() => _chat.CompleteChatAsync(messages, new() { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("x", BinaryData.FromString("""{"type":"nonsense"}""")) }));
        Assert.Equal(400, error.Status);
    }

    [Fact]
    public async Task Limits_and_stops_end_a_reply()
    {
        ChatCompletion cut = await _chat.CompleteChatAsync([new UserChatMessage("Go on and on.")], new() { MaxOutputTokenCount = 7 });
        Assert.Equal((ChatFinishReason.Length, 7), (cut.FinishReason, cut.Usage.OutputTokenCount));
        ChatCompletion stopped = await _chat.CompleteChatAsync([new UserChatMessage("say:one STOP two")], new() { StopSequences = { " STOP" } });
        Assert.Equal(("one", ChatFinishReason.Stop), (stopped.Content[0].Text, stopped.FinishReason));
    }

    [Fact]
    public async Task Models_are_listed()
    {
        var models = fixture.Server.OpenAI().GetOpenAIModelClient();
        var list = await models.GetModelsAsync();
        var model = Assert.Single(list.Value);
        Assert.Equal((TestServer.Model, "agentruntime"), (model.Id, model.OwnedBy));
        Assert.Equal(TestServer.Model, (await models.GetModelAsync(TestServer.Model)).Value.Id);
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => models.GetModelAsync("other"))).Status);
    }

    [Fact]
    public async Task A_wrong_model_is_not_found()
    {
        var other = fixture.Server.OpenAI().GetChatClient("gpt-other");
        var error = await Assert.ThrowsAsync<ClientResultException>(() => other.CompleteChatAsync([new UserChatMessage("say:x")]));
        Assert.Equal(404, error.Status);
        Assert.Contains("'scripted'", error.Message, StringComparison.Ordinal);
    }
}
