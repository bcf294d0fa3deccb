using System.ClientModel;
using OpenAI.Responses;

namespace AgentRuntime.Server.Tests.Responses;

/// <summary>Responses as OpenAI's own .NET client sees them.</summary>
public sealed class OpenAIResponsesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Call = "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.cs\"}}\n</tool_call>";
    private readonly ResponsesClient _client = fixture.Server.OpenAI().GetResponsesClient();

    [Fact]
    public async Task A_response_can_be_continued_by_its_id()
    {
        ResponseResult first = await _client.CreateResponseAsync(TestServer.Model, "Some words to begin with, for a block. say:one two three");
        Assert.Equal(("one two three", ResponseStatus.Completed, TestServer.Model), (first.GetOutputText(), first.Status, first.Model));
        ResponseResult second = await _client.CreateResponseAsync(TestServer.Model, "say:four", first.Id);
        Assert.Equal(("four", first.Id), (second.GetOutputText(), second.PreviousResponseId));
        Assert.Equal(first.Usage.TotalTokenCount - 1, second.Usage.InputTokenDetails.CachedTokenCount);

        // From the same place again, and from further on.
        ResponseResult other = await _client.CreateResponseAsync(TestServer.Model, "say:five", first.Id);
        Assert.Equal(second.Usage.InputTokenCount, other.Usage.InputTokenCount);
        ResponseResult third = await _client.CreateResponseAsync(TestServer.Model, "say:six", second.Id);
        Assert.Equal(second.Usage.TotalTokenCount - 1, third.Usage.InputTokenDetails.CachedTokenCount);
    }

    [Fact]
    public async Task A_response_that_is_not_kept_is_not_found()
    {
        var options = Options("say:x");
        options.StoredOutputEnabled = false;
        ResponseResult first = await _client.CreateResponseAsync(options);
        foreach (var id in (string[])[first.Id, "resp_guess"])
        {
            var error = await Assert.ThrowsAsync<ClientResultException>(() => _client.CreateResponseAsync(TestServer.Model, "say:y", id));
            Assert.Equal(404, error.Status);
            Assert.Contains("send the whole conversation", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Functions_are_called_and_answered()
    {
        var options = Options("say:Reading.\n" + Call);
        options.Instructions = "You help.";
        ResponseResult first = await _client.CreateResponseAsync(options);
        var call = Assert.Single(first.OutputItems.OfType<FunctionCallResponseItem>());
        Assert.Equal(("read", "{\"path\":\"a.cs\"}"), (call.FunctionName, call.FunctionArguments.ToString()));
        Assert.Equal("Reading.", first.GetOutputText());

        // Stateful: only the result is sent. Stateless: everything is, as items.
        var stateful = new CreateResponseOptions(TestServer.Model, [ResponseItem.CreateFunctionCallOutputItem(call.CallId, "say:It is empty.")]) { PreviousResponseId = first.Id, Instructions = "You help.", Tools = { Read } };
        var stateless = new CreateResponseOptions(TestServer.Model, [.. options.InputItems, .. first.OutputItems, .. stateful.InputItems]) { Instructions = "You help.", Tools = { Read }, StoredOutputEnabled = false };
        foreach (var next in (CreateResponseOptions[])[stateful, stateless])
        {
            ResponseResult second = await _client.CreateResponseAsync(next);
            Assert.Equal("It is empty.", second.GetOutputText());
            Assert.True(second.Usage.InputTokenDetails.CachedTokenCount >= first.Usage.TotalTokenCount - 1);
        }
    }

    [Fact]
    public async Task A_stream_tells_of_every_item()
    {
        var options = Options($"say:Reading.\n{Call}\n{Call}");
        options.StreamingEnabled = true;
        List<StreamingResponseUpdate> updates = [];
        await foreach (var update in await _client.CreateResponseStreamingAsync(options)) updates.Add(update);
        Assert.Equal(Enumerable.Range(0, updates.Count), updates.Select(u => (int)u.SequenceNumber));
        Assert.IsType<StreamingResponseCreatedUpdate>(updates[0]);
        var text = string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(u => u.Delta));
        Assert.Equal(text, Assert.Single(updates.OfType<StreamingResponseOutputTextDoneUpdate>()).Text);
        Assert.Equal(2, updates.OfType<StreamingResponseFunctionCallArgumentsDoneUpdate>().Count());
        Assert.Equal(3, updates.OfType<StreamingResponseOutputItemDoneUpdate>().Count());
        var whole = Assert.IsType<StreamingResponseCompletedUpdate>(updates[^1]).Response;
        Assert.Equal("Reading.", whole.GetOutputText());
        Assert.Equal(["msg", "fc", "fc"], whole.OutputItems.Select(i => i.Id.Split('_')[0]));
        Assert.True(whole.Usage.OutputTokenCount > 10);
    }

    [Fact]
    public async Task A_response_that_is_cut_off_is_incomplete()
    {
        var options = Options("on and on");
        options.MaxOutputTokenCount = 5;
        ResponseResult cut = await _client.CreateResponseAsync(options);
        Assert.Equal(ResponseStatus.Incomplete, cut.Status);
        Assert.Equal(ResponseIncompleteStatusReason.MaxOutputTokens, cut.IncompleteStatusDetails.Reason);
        Assert.Equal(5, cut.Usage.OutputTokenCount);
    }

    private static FunctionTool Read => ResponseTool.CreateFunctionTool("read", BinaryData.FromString("""{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}"""), false, "Reads a file.");

    private static CreateResponseOptions Options(string text) => new(TestServer.Model, [ResponseItem.CreateUserMessageItem(text)]) { Tools = { Read } };
}
