using AgentRuntime.Cli.Models;

namespace AgentRuntime.Cli.Tests.Models;

/// <summary>Cut, silent and busy connections, and runs that go on where another stopped.</summary>
public sealed class ResumeTests : IDisposable
{
    private const string Partial = "tiny-model-q8_0.gguf.partial";
    private readonly Pull _pull = new();

    public void Dispose() => _pull.Dispose();

    [Fact]
    public async Task A_cut_connection_is_taken_up_where_it_was_cut()
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf", 1000);
        _pull.Hub.Intercept = r => r.IsDownload && _pull.Hub.Downloads.Count <= 2 ? _pull.Hub.Serve(r) with { CutAfter = 300 } : null;
        var model = await _pull.RunAsync();
        Assert.Equal([null, 300L, 600L], _pull.Hub.Downloads.Select(r => r.RangeStart));
        Assert.Equal(content, File.ReadAllBytes(model.Path));
        Assert.Equal(2, _pull.Notes.Count);
        Assert.StartsWith("The connection was cut after 300 of 1000 bytes of m-Q8_0.gguf. Trying again in ", _pull.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_download_that_gets_on_may_be_cut_any_number_of_times()
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf", 4000);
        _pull.Options = _pull.Options with { Retries = 1, Progress = 400 };
        _pull.Hub.Intercept = r => r.IsDownload ? _pull.Hub.Serve(r) with { CutAfter = 500 } : null;
        Assert.Equal(content, File.ReadAllBytes((await _pull.RunAsync()).Path));
        Assert.Equal(8, _pull.Hub.Downloads.Count);
    }

    [Fact]
    public async Task A_download_that_does_not_get_on_ends_and_keeps_what_it_has()
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf", 1000);
        _pull.Hub.Intercept = r => r.IsDownload ? _pull.Hub.Serve(r) with { CutAfter = 100 } : null;
        Assert.Equal("The connection was cut after 400 of 1000 bytes of m-Q8_0.gguf.", await _pull.FailAsync());
        Assert.Equal(content[..400], File.ReadAllBytes(_pull.PathTo(Partial)));
        Assert.Null(_pull.Folder.Find("tiny-model-q8_0"));
    }

    [Fact]
    public async Task A_silent_connection_counts_as_cut()
    {
        _pull.Hub.Add("m-Q8_0.gguf", 1000);
        _pull.Options = _pull.Options with { StallTimeout = TimeSpan.FromSeconds(1) };
        var never = new TaskCompletionSource();
        _pull.Hub.Intercept = r => r.IsDownload && r.RangeStart is null ? _pull.Hub.Serve(r) with { CutAfter = 10, Stall = never.Task } : null;
        await _pull.RunAsync();
        Assert.Equal([null, 10L], _pull.Hub.Downloads.Select(r => r.RangeStart));
    }

    [Fact]
    public async Task The_next_run_goes_on_and_verifies_the_whole_file()
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf", 1000);
        _pull.Write(Partial, content[..700]);
        var model = await _pull.RunAsync();
        Assert.Equal(300, model.DownloadedBytes);
        Assert.Equal(700, Assert.Single(_pull.Hub.Downloads).RangeStart);
        Assert.Equal((DownloadPhase.Checking, 700, 1000), _pull.Steps[0]);
        Assert.Equal(content, File.ReadAllBytes(model.Path));
        Assert.Equal(["tiny-model-q8_0.gguf"], _pull.Files());
    }

    [Fact]
    public async Task A_whole_partial_file_is_only_verified()
    {
        _pull.Write(Partial, _pull.Hub.Add("m-Q8_0.gguf", 1000));
        await _pull.RunAsync();
        Assert.Empty(_pull.Hub.Downloads);
    }

    [Theory]
    [InlineData(700)]
    [InlineData(1000)]
    [InlineData(1500)]
    public async Task What_an_earlier_version_left_is_thrown_away(int length)
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf", 1000);
        _pull.Write(Partial, new byte[length]);
        Assert.Equal(content, File.ReadAllBytes((await _pull.RunAsync()).Path));
        Assert.Null(_pull.Hub.Downloads[^1].RangeStart);
    }

    [Fact]
    public async Task A_server_without_ranges_sends_all_again()
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf", 1000);
        _pull.Hub.Intercept = r => !r.IsDownload ? null : new(200) { Body = content, CutAfter = r.RangeStart is null ? 300 : null };
        Assert.Equal(content, File.ReadAllBytes((await _pull.RunAsync()).Path));
        Assert.Equal(2, _pull.Hub.Downloads.Count);
    }

    [Fact]
    public async Task A_cancelled_download_is_kept_for_the_next_run()
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf", 1000);
        var never = new TaskCompletionSource();
        _pull.Hub.Intercept = r => r.IsDownload && r.RangeStart is null ? _pull.Hub.Serve(r) with { CutAfter = 400, Stall = never.Task } : null;
        using var cancel = new CancellationTokenSource();
        _pull.OnProgress = done => { if (done == 400) cancel.Cancel(); };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _pull.RunAsync(cancellationToken: cancel.Token));
        var partial = Assert.Single(_pull.Folder.List());
        Assert.Equal(("tiny-model-q8_0", 400L, true), (partial.Name, partial.Bytes, partial.IsPartial));

        Assert.Equal(content, File.ReadAllBytes((await _pull.RunAsync()).Path));
        Assert.Equal(400, _pull.Hub.Downloads[^1].RangeStart);
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_busy_server_is_asked_again(int status)
    {
        _pull.Hub.Add("m-Q8_0.gguf");
        _pull.Hub.Intercept = _ => _pull.Hub.Requests.Count is 1 or 3 ? new(status) { Headers = { "Retry-After: 3600" } } : null;
        await _pull.RunAsync();
        Assert.Equal(4, _pull.Hub.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_stays_busy_ends_the_pull_with_a_sentence()
    {
        _pull.Hub.Intercept = _ => new(503);
        Assert.EndsWith("is busy or broken (HTTP 503); try again later, what was downloaded is kept.", await _pull.FailAsync(), StringComparison.Ordinal);
        Assert.Equal(4, _pull.Hub.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_is_not_there_ends_the_pull_with_a_sentence()
    {
        _pull.Hub.Dispose();
        Assert.EndsWith("check the network, a proxy and HF_ENDPOINT.", await _pull.FailAsync(), StringComparison.Ordinal);
    }
}
