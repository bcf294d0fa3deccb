using AgentRuntime.Cli.Models;

namespace AgentRuntime.Cli.Tests.Models;

/// <summary>Access, redirects and pages.</summary>
public sealed class HuggingFaceClientTests : IDisposable
{
    private readonly Pull _pull = new();

    public void Dispose() => _pull.Dispose();

    [Theory]
    [InlineData(401, null, "is private or does not exist")]
    [InlineData(401, null, "set HF_TOKEN")]
    [InlineData(401, "hf_x", "does not accept the token in HF_TOKEN")]
    [InlineData(403, null, "asks for an account that accepted its terms")]
    [InlineData(403, "hf_x", "may not read maker/Tiny-Model-GGUF")]
    [InlineData(404, "hf_x", "has no maker/Tiny-Model-GGUF")]
    [InlineData(418, null, "refuses maker/Tiny-Model-GGUF (HTTP 418)")]
    public async Task A_refusal_says_what_to_do_and_is_not_tried_again(int status, string? token, string sentence)
    {
        _pull.Hub.Intercept = _ => new(status);
        var message = await _pull.FailAsync(token: token);
        Assert.Contains(sentence, message, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_x", message, StringComparison.Ordinal);
        Assert.Single(_pull.Hub.Requests);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_to_where_it_redirects()
    {
        using var storage = new HubServer();
        var content = _pull.Hub.Add("m-Q8_0.gguf");
        storage.Add("blob", content);
        _pull.Hub.Intercept = r => r.IsDownload ? HubResponse.Redirect(storage.Address + "/blob") : null;
        Assert.Equal(content, File.ReadAllBytes((await _pull.RunAsync(token: "hf_secret")).Path));
        Assert.All(_pull.Hub.Requests, r => Assert.Equal("Bearer hf_secret", r.Authorization));
        var request = Assert.Single(storage.Requests);
        Assert.DoesNotContain(request.Headers, h => h.Value.Contains("hf_secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_range_survives_redirects_and_the_hub_itself_keeps_the_token()
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf");
        _pull.Write("tiny-model-q8_0.gguf.partial", content[..100]);
        _pull.Hub.Intercept = r => r.IsDownload && !r.Path.StartsWith("/cache", StringComparison.Ordinal) ? HubResponse.Redirect("/cache/resolve/main/m-Q8_0.gguf") : null;
        await _pull.RunAsync(token: "hf_secret");
        Assert.Equal(("Bearer hf_secret", 100L), (_pull.Hub.Downloads[^1].Authorization, _pull.Hub.Downloads[^1].RangeStart));
    }

    [Fact]
    public async Task A_redirect_without_end_is_refused()
    {
        _pull.Hub.Intercept = r => HubResponse.Redirect(r.Path);
        Assert.Contains("redirects more than 10 times", await _pull.FailAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/x")]
    public async Task A_redirect_to_something_else_than_a_web_server_is_refused(string to)
    {
        _pull.Hub.Intercept = _ => HubResponse.Redirect(to);
        Assert.Contains("which is not secure", await _pull.FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signed_address_that_ran_out_is_asked_for_again()
    {
        using var storage = new HubServer();
        storage.Add("blob", _pull.Hub.Add("m-Q8_0.gguf"));
        storage.Intercept = _ => storage.Requests.Count == 1 ? new(403) : null;
        _pull.Hub.Intercept = r => r.IsDownload ? HubResponse.Redirect(storage.Address + "/blob") : null;
        await _pull.RunAsync();
        Assert.Equal(2, _pull.Hub.Downloads.Count);
    }

    [Fact]
    public async Task All_pages_of_a_listing_are_read_from_the_same_server()
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf");
        _pull.Hub.Intercept = r => r.Path == "/api/models/maker/Tiny-Model-GGUF/tree/main?recursive=true"
            ? HubResponse.Json("[]", "Link: <https://elsewhere.invalid/api/models/maker/Tiny-Model-GGUF/tree/main?recursive=true&cursor=abc%3D>; rel=\"next\"")
            : null;
        Assert.Equal(content, File.ReadAllBytes((await _pull.RunAsync()).Path));
        Assert.Equal("/api/models/maker/Tiny-Model-GGUF/tree/main?recursive=true&cursor=abc%3D", _pull.Hub.Requests[1].Path);
    }

    [Theory]
    [InlineData(null, null, "https://huggingface.co/")]
    [InlineData("https://mirror.example/hub/", "hf_x", "https://mirror.example/hub")]
    [InlineData("http://mirror.lan:8080", null, "http://mirror.lan:8080/")]
    [InlineData("http://localhost:8080", "hf_x", "http://localhost:8080/")]
    public void An_endpoint_may_be_a_mirror(string? endpoint, string? token, string address) =>
        Assert.Equal(address, HubSettings.Create(endpoint, token).Endpoint.AbsoluteUri);

    [Theory]
    [InlineData("mirror.example", null)]
    [InlineData("file:///x", null)]
    [InlineData("https://user:password@mirror.example", null)]
    [InlineData("http://mirror.example", "hf_x")]
    [InlineData(null, "hf_x\r\nX: y")]
    public void An_endpoint_or_token_that_is_none_is_bad_usage(string? endpoint, string? token) =>
        Assert.Throws<UsageException>(() => HubSettings.Create(endpoint, token));
}
