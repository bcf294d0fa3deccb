using System.Net;
using System.Text.Json;

namespace AgentRuntime.Server.Tests.Responses;

/// <summary>The exact events, what Codex CLI sends, and what is refused.</summary>
public sealed class ResponsesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Path = "/v1/responses";
    private const string Call = "<tool_call>\n{\"name\": \"shell\", \"arguments\": {\"command\": [\"ls\"]}}\n</tool_call>";
    private readonly TestServer _server = fixture.Server;

    [Fact]
    public async Task Events_come_in_OpenAIs_order()
    {
        var events = await EventsAsync(new { model = TestServer.Model, input = $"say:<think>hm</think>Well.\n{Call}", stream = true, tools = new[] { Shell } });
        Assert.Equal(
            [
                "response.created", "response.in_progress",
                "response.output_item.added", "response.content_part.added", "response.reasoning_text.delta", "response.reasoning_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.output_item.done",
                "response.completed",
            ],
            events.Select(e => e.Type).Where((type, i) => i == 0 || !type.EndsWith(".delta", StringComparison.Ordinal) || events[i - 1].Type != type));
        Assert.All(events, e => Assert.Equal(e.Type, e.Data.GetProperty("type").GetString()));
        var response = events[^1].Data.GetProperty("response");
        Assert.Equal(["reasoning", "message", "function_call"], response.GetProperty("output").EnumerateArray().Select(i => i.GetProperty("type").GetString()));
        Assert.Equal("{\"command\": [\"ls\"]}", string.Concat(events.Where(e => e.Type == "response.function_call_arguments.delta").Select(e => e.Data.GetProperty("delta").GetString())));
        Assert.True(events.Count(e => e.Type == "response.function_call_arguments.delta") > 3);
        // Every item in the end is the one that its own event told of.
        var done = events.Where(e => e.Type == "response.output_item.done").Select(e => e.Data.GetProperty("item").GetRawText());
        Assert.Equal(done, response.GetProperty("output").EnumerateArray().Select(i => i.GetRawText()));
    }

    [Fact]
    public async Task A_call_that_is_cut_off_is_incomplete()
    {
        var events = await EventsAsync(new { model = TestServer.Model, input = "say:" + Call, stream = true, tools = new[] { Shell }, max_output_tokens = 26 });
        Assert.Equal("response.incomplete", events[^1].Type);
        var item = Assert.Single(events[^1].Data.GetProperty("response").GetProperty("output").EnumerateArray());
        Assert.Equal(("function_call", "incomplete"), (item.GetProperty("type").GetString(), item.GetProperty("status").GetString()));
        Assert.Equal(
            string.Concat(events.Where(e => e.Type == "response.function_call_arguments.delta").Select(e => e.Data.GetProperty("delta").GetString())),
            item.GetProperty("arguments").GetString());
    }

    [Fact]
    public async Task A_request_like_that_of_Codex_is_answered()
    {
        var input = new List<object>
        {
            Message("developer", "input_text", "<permissions instructions>…"),
            Message("user", "input_text", "<environment_context>…"),
            Message("user", "input_text", "say:Looking.\n" + Call),
        };
        var first = await EventsAsync(Request(input));
        var items = first[^1].Data.GetProperty("response").GetProperty("output").EnumerateArray().ToList();
        input.AddRange(items.Cast<object>());
        input.Add(new { type = "function_call_output", call_id = items[1].GetProperty("call_id").GetString(), output = "{\"output\":\"a.cs\"} say:Done." });
        var second = await EventsAsync(Request(input));
        var usage = second[^1].Data.GetProperty("response").GetProperty("usage");
        Assert.Equal(
            first[^1].Data.GetProperty("response").GetProperty("usage").GetProperty("total_tokens").GetInt32() - 1,
            usage.GetProperty("input_tokens_details").GetProperty("cached_tokens").GetInt32());
        Assert.Equal("Done.", second[^1].Data.GetProperty("response").GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());

        static object Request(List<object> input) => new
        {
            model = TestServer.Model,
            instructions = "You are a coding agent.",
            input,
            tools = new object[] { Shell, new { type = "web_search", external_web_access = false } },
            tool_choice = "auto",
            parallel_tool_calls = true,
            reasoning = (object?)null,
            store = false,
            stream = true,
            include = Array.Empty<string>(),
            prompt_cache_key = "0198",
            client_metadata = new { x = "y" },
            text = new { verbosity = "low" },
        };
    }

    [Theory]
    [InlineData("\"model\":\"scripted\"", "input: is missing")]
    [InlineData("\"model\":\"scripted\",\"input\":7", "input: must be an array")]
    [InlineData("\"model\":\"scripted\",\"input\":[]", "at least one item")]
    [InlineData("\"model\":\"scripted\",\"input\":[{\"type\":\"item_reference\",\"id\":\"x\"}]", "input[0].type must be message")]
    [InlineData("\"model\":\"scripted\",\"input\":[{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}]", "input[0].call_id: is missing")]
    [InlineData("\"model\":\"scripted\",\"input\":\"x\",\"surprise\":1", "surprise is not known")]
    [InlineData("\"model\":\"scripted\",\"input\":\"x\",\"max_output_tokens\":-1", "max_output_tokens")]
    [InlineData("\"model\":\"scripted\",\"input\":\"x\",\"background\":true", "background is not supported")]
    [InlineData("\"model\":\"scripted\",\"input\":\"x\",\"truncation\":\"auto\"", "truncation can only be disabled")]
    [InlineData("\"model\":\"scripted\",\"input\":\"x\",\"tools\":[{\"type\":\"custom\",\"name\":\"p\"}]", "tools[0].type must be function")]
    [InlineData("\"model\":\"scripted\",\"input\":\"x\",\"previous_response_id\":7", "previous_response_id: must be a text")]
    public async Task What_cannot_be_done_is_refused(string fields, string said)
    {
        using var response = await _server.Http.PostAsync(Path, new StringContent($"{{{fields}}}", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(said, JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_oldest_responses_are_forgotten_first()
    {
        await using var server = await TestServer.StartAsync(o => o with { MaxStoredResponses = 2 });
        List<string?> ids = [];
        for (var i = 0; i < 3; i++) ids.Add((await server.AskAsync(Path, new { model = TestServer.Model, input = $"{i} say:x" })).GetProperty("id").GetString());
        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.OK, HttpStatusCode.OK],
            await Task.WhenAll(ids.Select(async id => (await server.PostAsync(Path, new { model = TestServer.Model, input = "say:y", previous_response_id = id, store = false })).StatusCode)));
    }

    private static object Shell => new { type = "function", name = "shell", description = "Runs.", strict = false, parameters = new { type = "object", properties = new { command = new { type = "array", items = new { type = "string" } } } } };

    private static object Message(string role, string type, string text) => new { type = "message", role, content = new[] { new { type, text } } };

    private async Task<List<(string Type, JsonElement Data)>> EventsAsync(object body) =>
        [.. (await _server.StreamAsync(Path, body)).Select(e => e.Split('\n')).Select(lines => (lines[0]["event: ".Length..], JsonElement.Parse(lines[1]["data: ".Length..])))];
}
