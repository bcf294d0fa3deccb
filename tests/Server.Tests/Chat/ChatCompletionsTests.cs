using System.Text.Json;

namespace AgentRuntime.Server.Tests.Chat;

/// <summary>What OpenAI's client does not show: several choices, the exact chunks, other servers' fields.</summary>
public sealed class ChatCompletionsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Path = "/v1/chat/completions";
    private readonly TestServer _server = fixture.Server;

    [Fact]
    public async Task Several_choices_share_the_prompt()
    {
        var answer = await _server.AskAsync(Path, new { model = TestServer.Model, n = 3, messages = Say("one and two"), seed = 5 });
        var choices = answer.GetProperty("choices").EnumerateArray().ToList();
        Assert.Equal([0, 1, 2], choices.Select(c => c.GetProperty("index").GetInt32()));
        Assert.All(choices, c => Assert.Equal("one and two", c.GetProperty("message").GetProperty("content").GetString()));
        var single = (await _server.AskAsync(Path, new { model = TestServer.Model, messages = Say("one and two") })).GetProperty("usage");
        Assert.Equal(single.GetProperty("prompt_tokens").GetInt32(), answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(3 * single.GetProperty("completion_tokens").GetInt32(), answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Chunks_are_in_OpenAIs_form()
    {
        var events = await _server.StreamAsync(Path, new { model = TestServer.Model, n = 2, stream = true, stream_options = new { include_usage = true }, messages = Say("abc def") });
        Assert.Equal("[DONE]", events[^1]);
        var chunks = events[..^1].Select(e => JsonElement.Parse(e)).ToList();
        Assert.All(chunks, c => Assert.Equal("chat.completion.chunk", c.GetProperty("object").GetString()));
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.True(chunks[^1].GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32() >= 0);
        foreach (var choice in chunks[..^1].Select(c => c.GetProperty("choices")[0]).GroupBy(c => c.GetProperty("index").GetInt32()))
        {
            Assert.Equal("assistant", choice.First().GetProperty("delta").GetProperty("role").GetString());
            Assert.Equal("stop", choice.Last().GetProperty("finish_reason").GetString());
            Assert.All(choice.SkipLast(1), c => Assert.Equal(JsonValueKind.Null, c.GetProperty("finish_reason").ValueKind));
            Assert.Equal("abc def", string.Concat(choice.Select(c => c.GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : "")));
        }
    }

    [Fact]
    public async Task Without_the_option_a_stream_has_no_usage()
    {
        var events = await _server.StreamAsync(Path, new { model = TestServer.Model, stream = true, messages = Say("abc") });
        Assert.All(events, e => Assert.DoesNotContain("usage", e, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fields_without_effect_and_those_of_other_servers_are_accepted()
    {
        var answer = await _server.AskAsync(Path, new
        {
            model = TestServer.Model,
            messages = new object[]
            {
                new { role = "developer", content = new[] { new { type = "text", text = "You help." } } },
                new { role = "user", name = "me", content = new[] { new { type = "text", text = "say:yes " }, new { type = "text", text = "no" } } },
            },
            user = "u",
            store = false,
            metadata = new { a = "b" },
            service_tier = "auto",
            frequency_penalty = 0,
            logit_bias = new { },
            logprobs = false,
            top_k = -1,
            min_p = 0.1,
            repetition_penalty = 1.0,
            ignore_eos = false,
            temperature = 0.5,
            top_p = 0.9,
            seed = -3,
            max_completion_tokens = 50,
            tool_choice = "none",
            parallel_tool_calls = true,
            response_format = new { type = "text" },
            reasoning_effort = (string?)null,
        });
        Assert.Equal("yes no", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task Log_probabilities_come_with_the_likeliest_alternatives()
    {
        var body = new { model = TestServer.Model, messages = Say("one Ω"), logprobs = true, top_logprobs = 3 };
        var whole = (await _server.AskAsync(Path, body)).GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").EnumerateArray().ToList();
        var bytes = whole.SelectMany(t => t.GetProperty("bytes").EnumerateArray().Select(b => b.GetByte())).ToArray();
        Assert.StartsWith("one Ω", System.Text.Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        Assert.All(whole, token =>
        {
            var top = token.GetProperty("top_logprobs").EnumerateArray().ToList();
            Assert.Equal(3, top.Count);
            Assert.Equal(token.GetProperty("token").GetString(), top[0].GetProperty("token").GetString());
            Assert.InRange(top[0].GetProperty("logprob").GetDouble(), -0.01, 0);
            Assert.InRange(top[1].GetProperty("logprob").GetDouble(), -21, -19);
        });
        var events = await _server.StreamAsync(Path, new { body.model, body.messages, body.logprobs, body.top_logprobs, stream = true });
        var streamed = events[..^1].Select(e => JsonElement.Parse(e).GetProperty("choices")[0]).Where(c => c.TryGetProperty("logprobs", out _))
            .SelectMany(c => c.GetProperty("logprobs").GetProperty("content").EnumerateArray());
        Assert.Equal(whole.Select(t => t.GetRawText()), streamed.Select(t => t.GetRawText()));
    }

    [Fact]
    public async Task Tools_with_schemas_that_no_grammar_holds_can_be_called_all_the_same()
    {
        const string call = "<tool_call>\n{\"name\": \"odd\", \"arguments\": {\"a\": \"b\"}}\n</tool_call>";
        var odd = JsonElement.Parse("""{"type":"function","function":{"name":"odd","parameters":{"type":"object","properties":{"a":{"type":"string","not":{"pattern":"^(a)\\1$"}}},"unevaluatedProperties":{"not":{}},"if":{"required":["z"]},"then":false}}}""");
        var answer = await _server.AskAsync(Path, new { model = TestServer.Model, messages = Say(call), tools = new[] { odd } });
        Assert.Equal("{\"a\":\"b\"}", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString());
    }

    [Fact]
    public async Task A_call_that_cannot_be_read_is_text()
    {
        const string broken = "<tool_call>\n{\"name\": \"read\", \"arguments\": [1]}\n</tool_call>";
        var answer = await _server.AskAsync(Path, new { model = TestServer.Model, messages = Say(broken) });
        var choice = answer.GetProperty("choices")[0];
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Contains("\"read\"", choice.GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    private static object[] Say(string text) => [new { role = "user", content = "say:" + text }];
}
