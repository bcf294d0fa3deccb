using System.Text.Json;

namespace AgentRuntime.Server.Tests.Completions;

public sealed class CompletionsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Path = "/v1/completions";
    private readonly TestServer _server = fixture.Server;

    [Fact]
    public async Task Text_and_token_ids_are_the_same_prompt()
    {
        var ids = (await _server.AskAsync("/tokenize", new { content = "say:one two|" })).GetProperty("tokens");
        var text = await _server.AskAsync(Path, new { model = TestServer.Model, prompt = "say:one two|" });
        var tokens = await _server.AskAsync(Path, new { model = TestServer.Model, prompt = ids });
        Assert.Equal("one two", Text(text));
        Assert.Equal("one two", Text(tokens));
        Assert.Equal(ids.GetArrayLength(), tokens.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(ids.GetArrayLength() - 1, tokens.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    [Fact]
    public async Task Several_prompts_and_choices_come_in_order()
    {
        var answer = await _server.AskAsync(Path, new { model = TestServer.Model, prompt = new[] { "say:one|", "say:two|" }, n = 2 });
        Assert.Equal(["one", "one", "two", "two"], answer.GetProperty("choices").EnumerateArray().OrderBy(c => c.GetProperty("index").GetInt32()).Select(c => c.GetProperty("text").GetString()));
    }

    [Fact]
    public async Task Ignoring_the_end_goes_on_to_the_limit()
    {
        var answer = await _server.AskAsync(Path, new { model = TestServer.Model, prompt = "say:a|", max_tokens = 5, ignore_eos = true });
        Assert.Equal(5, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        var default16 = await _server.AskAsync(Path, new { model = TestServer.Model, prompt = "on and on" });
        Assert.Equal(16, default16.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Log_probabilities_come_for_each_token_also_in_a_stream()
    {
        var whole = (await _server.AskAsync(Path, new { model = TestServer.Model, prompt = "say:one Ω two|", logprobs = 0, max_tokens = 40 })).GetProperty("choices")[0];
        var logprobs = whole.GetProperty("logprobs");
        var count = logprobs.GetProperty("tokens").GetArrayLength();
        Assert.Equal((count, count), (logprobs.GetProperty("token_logprobs").GetArrayLength(), logprobs.GetProperty("text_offset").GetArrayLength()));
        Assert.All(logprobs.GetProperty("token_logprobs").EnumerateArray(), l => Assert.InRange(l.GetDouble(), -0.1, 0));

        Assert.Equal(JsonValueKind.Null, logprobs.GetProperty("top_logprobs").ValueKind);
        var top = (await _server.AskAsync(Path, new { model = TestServer.Model, prompt = "say:one Ω two|", logprobs = 2, max_tokens = 40 })).GetProperty("choices")[0].GetProperty("logprobs").GetProperty("top_logprobs");
        Assert.Equal(count, top.GetArrayLength());

        var events = await _server.StreamAsync(Path, new { model = TestServer.Model, prompt = "say:one Ω two|", logprobs = 0, max_tokens = 40, stream = true });
        var choices = events[..^1].Select(e => JsonElement.Parse(e).GetProperty("choices")[0]).ToList();
        Assert.Equal("one Ω two", string.Concat(choices.Select(c => c.GetProperty("text").GetString())));
        Assert.Equal(count, choices.Sum(c => c.GetProperty("logprobs").GetProperty("tokens").GetArrayLength()));
    }

    [Fact]
    public async Task Tokens_go_there_and_back()
    {
        var tokens = await _server.AskAsync("/tokenize", new { prompt = "Hello <|im_end|>", parse_special = false });
        var special = await _server.AskAsync("/tokenize", new { content = "Hello <|im_end|>" });
        Assert.True(tokens.GetProperty("count").GetInt32() > special.GetProperty("count").GetInt32());
        var text = await _server.AskAsync("/detokenize", new { tokens = special.GetProperty("tokens") });
        Assert.Equal("Hello <|im_end|>", text.GetProperty("content").GetString());
    }

    private static string? Text(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("text").GetString();
}
