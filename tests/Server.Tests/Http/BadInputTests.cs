using System.Net;
using System.Text;
using System.Text.Json;

namespace AgentRuntime.Server.Tests.Http;

/// <summary>Every bad request gets a 4xx in OpenAI's form that names what is wrong.</summary>
public sealed class BadInputTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Chat = "/v1/chat/completions";
    private const string Messages = "\"model\":\"scripted\",\"messages\":[{\"role\":\"user\",\"content\":\"say:x\"}]";
    private readonly TestServer _server = fixture.Server;

    [Theory]
    [InlineData("{", "valid JSON")]
    [InlineData("", "valid JSON")]
    [InlineData("[]", "body: must be an object")]
    [InlineData("{\"model\":\"scripted\",\"model\":\"scripted\"}", "valid JSON")]
    [InlineData("{\"messages\":[]}", "model: is missing")]
    [InlineData("{\"model\":7}", "model: must be a text")]
    [InlineData("{\"model\":\"scripted\"}", "messages: must hold at least one")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[]}", "messages: must hold at least one")]
    [InlineData("{\"model\":\"scripted\",\"messages\":{}}", "messages: must be an array")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[7]}", "messages[0]: must be an object")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800\"}]}", "surrogate")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}]}", "messages[0].role")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[{\"content\":\"x\"}]}", "messages[0].role: is missing")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[{\"role\":\"user\",\"content\":{}}]}", "messages[0].content: must be an array")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]}", "text only")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}", "tool_call_id: is missing")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]}]}", "tool_calls[0].function.arguments")]
    [InlineData("{\"model\":\"scripted\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"[1]\"}}]}]}", "JSON object")]
    public async Task A_broken_body_is_refused(string body, string said) => await AssertRefused(Chat, body, 400, said);

    [Theory]
    [InlineData("\"surprise\":1", "surprise is not known")]
    [InlineData("\"max_tokens\":-1", "max_tokens: must be a whole number")]
    [InlineData("\"max_tokens\":0", "max_tokens: must be a whole number")]
    [InlineData("\"max_completion_tokens\":-5", "max_completion_tokens")]
    [InlineData("\"max_tokens\":99999999999999999999", "max_tokens")]
    [InlineData("\"max_tokens\":1.5", "max_tokens")]
    [InlineData("\"n\":0", "n: must be a whole number from 1 to 8")]
    [InlineData("\"n\":9", "n: must be a whole number from 1 to 8")]
    [InlineData("\"temperature\":-0.1", "temperature: must be a number")]
    [InlineData("\"temperature\":\"hot\"", "temperature: must be a number")]
    [InlineData("\"temperature\":1e999", "temperature: must be a number")]
    [InlineData("\"top_p\":0", "top_p: must be above 0")]
    [InlineData("\"top_p\":1.1", "top_p")]
    [InlineData("\"top_k\":-2", "top_k")]
    [InlineData("\"min_p\":2", "min_p")]
    [InlineData("\"seed\":1.5", "seed")]
    [InlineData("\"stop\":\"\"", "stop")]
    [InlineData("\"stop\":[1]", "stop[0]: must be a text")]
    [InlineData("\"presence_penalty\":1", "presence_penalty is not supported")]
    [InlineData("\"logit_bias\":{\"1\":2}", "logit_bias is not supported")]
    [InlineData("\"stream\":\"yes\"", "stream: must be true or false")]
    [InlineData("\"stream_options\":{\"include\":1}", "stream_options.include is not known")]
    [InlineData("\"tools\":[{\"type\":\"magic\"}]", "tools[0].type must be function")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]", "tools[0].function.name")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\",\"parameters\":[]}}]", "tools[0].function.parameters: must be an object")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\"}},{\"type\":\"function\",\"function\":{\"name\":\"a\"}}]", "second tool named a")]
    [InlineData("\"tool_choice\":\"required\"", "there are no tools")]
    [InlineData("\"tool_choice\":\"maybe\"", "tool_choice")]
    [InlineData("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"b\"}}", "names none of the tools")]
    [InlineData("\"response_format\":{\"type\":\"xml\"}", "response_format.type")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\"}}", "schema: is missing")]
    [InlineData("\"reasoning_effort\":\"huge\"", "reasoning_effort")]
    [InlineData("\"reasoning_effort\":\"high\"", "reasoning")]
    [InlineData("\"top_logprobs\":3", "needs logprobs")]
    [InlineData("\"logprobs\":true,\"top_logprobs\":21", "top_logprobs")]
    [InlineData("\"functions\":[{\"name\":\"x\"}]", "use tools")]
    public async Task A_bad_field_is_refused_by_name(string field, string said) => await AssertRefused(Chat, $"{{{Messages},{field}}}", 400, said);

    [Theory]
    [InlineData("\"prompt\":\"\"", "prompt: must not be empty")]
    [InlineData("\"prompt\":[]", "prompt")]
    [InlineData("\"prompt\":[-1]", "prompt[0]: must be a whole number from 0 to 511")]
    [InlineData("\"prompt\":[512]", "prompt[0]")]
    [InlineData("\"prompt\":[\"a\",7]", "prompt[1]")]
    [InlineData("\"prompt\":[1.5]", "prompt[0]")]
    [InlineData("\"prompt\":{}", "prompt")]
    [InlineData("\"n\":2", "prompt: is missing")]
    [InlineData("\"prompt\":\"x\",\"echo\":true", "echo is not supported")]
    [InlineData("\"prompt\":\"x\",\"suffix\":\"y\"", "suffix is not supported")]
    [InlineData("\"prompt\":[\"a\",\"b\",\"c\",\"d\",\"e\"],\"n\":2", "more than 8")]
    public async Task A_bad_completion_is_refused(string fields, string said) => await AssertRefused("/v1/completions", $"{{\"model\":\"scripted\",{fields}}}", 400, said);

    [Fact]
    public async Task Deep_and_oversized_bodies_are_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 100)) + string.Concat(Enumerable.Repeat("]", 100));
        await AssertRefused(Chat, $"{{{Messages},\"metadata\":{deep}}}", 400, "depth");
        await AssertRefused(Chat, $"{{{Messages},\"metadata\":\"{new string('x', 9 << 20)}\"}}", 413, "larger");
        await AssertRefused(Chat, $"{{\"model\":\"scripted\",\"messages\":[{{\"role\":\"user\",\"content\":\"{new string('x', 50_000)}\"}}]}}", 400, "tokens");
        using var invalid = await _server.Http.PostAsync(Chat, new ByteArrayContent([(byte)'"', 0xff, (byte)'"']) { Headers = { ContentType = new("application/json") } });
        await AssertError(invalid, 400, "UTF-8");
    }

    [Fact]
    public async Task Wrong_paths_methods_and_types_are_refused()
    {
        await AssertRefused("/v1/nothing", "{}", 404, "nothing at this path");
        await AssertRefused("/v1/embeddings", "{\"model\":\"scripted\",\"input\":\"x\"}", 400, "Embeddings are not offered");
        await AssertRefused("/detokenize", "{\"tokens\":[-1]}", 400, "tokens[0]");
        await AssertRefused("/tokenize", "{}", 400, "content: is missing");
        await AssertError(await _server.Http.GetAsync(Chat), 405, "method");
        await AssertError(await _server.Http.PostAsync(Chat, new StringContent("{}", Encoding.UTF8, "text/plain")), 415, "application/json");
    }

    [Theory]
    [InlineData("evil.example", null, 403)]
    [InlineData("evil.example:80", null, 403)]
    [InlineData("127.0.0.1.evil.example", null, 403)]
    [InlineData("10.0.0.1", null, 403)]
    [InlineData("localhost:1234", null, 200)]
    [InlineData("[::1]:80", null, 200)]
    [InlineData(null, "https://evil.example", 403)]
    [InlineData(null, "null", 403)]
    [InlineData(null, "http://localhost:3000", 200)]
    public async Task Foreign_hosts_and_origins_are_refused(string? host, string? origin, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        if (host is not null) request.Headers.Host = host;
        if (origin is not null) request.Headers.Add("Origin", origin);
        using var response = await _server.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        if (status != 200) await AssertError(response, 403, host is null ? "--allow-origin" : "--allow-host");
    }

    [Fact]
    public async Task Keys_are_compared_and_hosts_and_origins_can_be_allowed()
    {
        await using var server = await TestServer.StartAsync(o => o with { ApiKey = "secret-key", AllowedHosts = ["box.example"], AllowedOrigins = ["https://chat.example/"] });
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health")).StatusCode);
        foreach (var wrong in (string?[])[null, "Bearer", "Bearer ", "Bearer secret", "Bearer secret-keyx", "Bearer Secret-Key", "Basic secret-key", "secret-key"])
        {
            using var response = await SendAsync(wrong);
            await AssertError(response, 401, "API key");
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
        }
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("Bearer secret-key")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("bearer secret-key")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("Bearer secret-key", "box.example", "https://chat.example")).StatusCode);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions")
        {
            Headers = { { "Origin", "https://chat.example" }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "authorization,content-type" } },
        };
        using var allowed = await server.Http.SendAsync(preflight);
        Assert.Equal((HttpStatusCode.NoContent, "https://chat.example"), (allowed.StatusCode, allowed.Headers.GetValues("Access-Control-Allow-Origin").Single()));
        Assert.Single((await server.OpenAI("secret-key").GetOpenAIModelClient().GetModelsAsync()).Value);
        Assert.DoesNotContain(server.Log, line => line.Contains("secret", StringComparison.Ordinal));

        async Task<HttpResponseMessage> SendAsync(string? authorization, string? host = null, string? origin = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
            if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
            if (host is not null) request.Headers.Host = host;
            if (origin is not null) request.Headers.Add("Origin", origin);
            return await server.Http.SendAsync(request);
        }
    }

    [Fact]
    public void Other_addresses_need_a_key()
    {
        foreach (var host in (string[])["0.0.0.0", "*", "::", "192.168.1.2", "fe80::1"])
        {
            Assert.Contains("API key is required", Assert.Throws<ServerException>((new ServerOptions { Host = host }).Validate).Message, StringComparison.Ordinal);
            (new ServerOptions { Host = host, ApiKey = "k" }).Validate();
        }
        foreach (var host in (string[])["localhost", "127.0.0.1", "127.1.2.3", "::1"]) (new ServerOptions { Host = host }).Validate();
        Assert.Throws<ServerException>((new ServerOptions { Host = "box.example" }).Validate);
        Assert.Throws<ServerException>((new ServerOptions { Port = 70000 }).Validate);
        Assert.Throws<ServerException>((new ServerOptions { ApiKey = "" }).Validate);
        Assert.Throws<ServerException>((new ServerOptions { ApiKey = "two words" }).Validate);
    }

    [Fact]
    public async Task An_address_that_cannot_be_listened_on_is_told()
    {
        // Of a network that is for documentation, so no machine has it; and a port that is taken.
        foreach (var options in (ServerOptions[])[new() { Host = "192.0.2.1", Port = 0, ApiKey = "k" }, new() { Port = _server.Server.Address.Port }])
        {
            var error = await Assert.ThrowsAsync<ServerException>(() => TestServer.StartAsync(_ => options));
            Assert.Contains($"cannot listen on {options.Host}, port {options.Port}", error.Message, StringComparison.Ordinal);
        }
    }

    private async Task AssertRefused(string path, string body, int status, string said)
    {
        using var response = await _server.Http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        await AssertError(response, status, said);
    }

    private static async Task AssertError(HttpResponseMessage response, int status, string said)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{response.StatusCode}: {text}");
        var error = JsonElement.Parse(text).GetProperty("error");
        Assert.Contains(said, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(error.GetProperty("type").GetString()!);
        Assert.NotEmpty(error.GetProperty("code").GetString()!);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
    }
}
