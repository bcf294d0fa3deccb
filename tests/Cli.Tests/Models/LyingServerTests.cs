using AgentRuntime.Cli.Models;

namespace AgentRuntime.Cli.Tests.Models;

/// <summary>Servers that lie about lengths, hashes, ranges and paths.</summary>
public sealed class LyingServerTests : IDisposable
{
    private readonly Pull _pull = new();

    public void Dispose() => _pull.Dispose();

    [Fact]
    public async Task A_wrong_hash_is_refused_and_nothing_stays()
    {
        _pull.Hub.Add("m-Q8_0.gguf", new byte[500], hash: new string('0', 64));
        Assert.Contains("m-Q8_0.gguf of maker/Tiny-Model-GGUF does not have the hash that its listing announces", await _pull.FailAsync(), StringComparison.Ordinal);
        Assert.Empty(_pull.Files());
        Assert.Single(_pull.Hub.Downloads);
    }

    [Fact]
    public async Task A_wrong_hash_after_a_resume_is_tried_once_from_the_start()
    {
        _pull.Hub.Add("m-Q8_0.gguf", new byte[500], hash: new string('0', 64));
        _pull.Write("tiny-model-q8_0.gguf.partial", new byte[200]);
        await _pull.FailAsync();
        Assert.Equal([200L, null], _pull.Hub.Downloads.Select(r => r.RangeStart));
        Assert.Empty(_pull.Files());
    }

    [Theory]
    [InlineData(400)]
    [InlineData(600)]
    public async Task Another_length_than_announced_is_refused(int sent)
    {
        _pull.Hub.Add("m-Q8_0.gguf", new byte[sent], size: 500);
        Assert.Equal($"The server sends {sent} bytes for m-Q8_0.gguf, where its listing announces 500, so nothing of it was taken.", await _pull.FailAsync());
        Assert.Empty(_pull.Files());
    }

    [Fact]
    public async Task More_bytes_than_announced_are_refused_also_without_a_length()
    {
        _pull.Hub.Add("m-Q8_0.gguf", 500);
        _pull.Hub.Intercept = r => r.IsDownload ? new(200) { Body = new byte[501], TellsLength = false } : null;
        Assert.StartsWith("The server sends more bytes for m-Q8_0.gguf than the 500", await _pull.FailAsync(), StringComparison.Ordinal);
        Assert.Empty(_pull.Files());
    }

    [Fact]
    public async Task Fewer_bytes_than_announced_are_refused_also_without_a_length()
    {
        _pull.Hub.Add("m-Q8_0.gguf", 500);
        _pull.Hub.Intercept = r => r.IsDownload && r.RangeStart is null ? new(200) { Body = new byte[499], TellsLength = false } : r.IsDownload ? new(416) : null;
        Assert.Contains("holds a shorter file than its listing", await _pull.FailAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bytes 0-499/500")]
    [InlineData("bytes 201-499/500")]
    [InlineData("bytes 200-499/600")]
    [InlineData("lines 200-499/500")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task Another_range_than_asked_for_is_refused(string? range)
    {
        var content = _pull.Hub.Add("m-Q8_0.gguf", 500);
        _pull.Write("tiny-model-q8_0.gguf.partial", content[..200]);
        _pull.Hub.Intercept = r => r.IsDownload ? new(206) { Body = content[200..], Headers = range is null ? [] : ["Content-Range: " + range] } : null;
        Assert.Contains("where bytes 200 to 499 of m-Q8_0.gguf are wanted", await _pull.FailAsync(), StringComparison.Ordinal);
        Assert.Equal(content[..200], File.ReadAllBytes(_pull.PathTo("tiny-model-q8_0.gguf.partial")));
    }

    [Theory]
    [InlineData("../evil-Q8_0.gguf")]
    [InlineData("a/../../evil-Q8_0.gguf")]
    [InlineData("/etc/evil-Q8_0.gguf")]
    [InlineData("..\\evil-Q8_0.gguf")]
    [InlineData("C:\\evil-Q8_0.gguf")]
    [InlineData("a//evil-Q8_0.gguf")]
    [InlineData("./evil-Q8_0.gguf")]
    [InlineData("evil\n-Q8_0.gguf")]
    [InlineData("../evil.safetensors")]
    public async Task A_path_that_leads_elsewhere_is_refused(string path)
    {
        _pull.Hub.Add("config.json");
        _pull.Hub.Add(path);
        Assert.Contains("which is not a plain relative one, so nothing was downloaded", await _pull.FailAsync(), StringComparison.Ordinal);
        Assert.Empty(_pull.Hub.Downloads);
    }

    [Theory]
    [InlineData("""{"error": "x"}""", "is no list of files")]
    [InlineData("""[{"type": "file", "size": 1, "oid": "x"}]""", "without a path")]
    [InlineData("""[{"type": "file", "path": "m.gguf", "oid": "x"}]""", "impossible size")]
    [InlineData("""[{"type": "file", "path": "m.gguf", "size": -1, "oid": "x"}]""", "impossible size")]
    [InlineData("""[{"type": "file", "path": "m.gguf", "size": 1e30, "oid": "x"}]""", "impossible size")]
    [InlineData("""[{"type": "file", "path": "m.gguf", "size": 9223372036854775807, "oid": "x"}]""", "impossible size")]
    [InlineData("""[{"type": "file", "path": "m.gguf", "size": "1", "oid": "x"}]""", "impossible size")]
    [InlineData("""[{"type": "file", "path": "m.gguf", "size": 1, "oid": "x"}]""", "without a hash")]
    [InlineData("""[{"type": "file", "path": "m.gguf", "size": 1, "lfs": {"oid": 5}}]""", "without a hash")]
    [InlineData("""[{"type": "file", "path": "m.gguf", "size": 1, "lfs": {"oid": "../../x"}}]""", "without a hash")]
    [InlineData("[5]", "holds no model")]
    [InlineData("[]", "holds no model")]
    [InlineData("<html>", "something else than the listing")]
    [InlineData("", "something else than the listing")]
    public async Task A_damaged_listing_is_refused(string listing, string sentence)
    {
        _pull.Hub.Intercept = _ => HubResponse.Json(listing);
        Assert.Contains(sentence, await _pull.FailAsync(), StringComparison.Ordinal);
        Assert.Single(_pull.Hub.Requests);
    }

    [Fact]
    public async Task A_listing_without_end_is_refused()
    {
        _pull.Hub.Intercept = r => HubResponse.Json("[]", $"Link: <{_pull.Hub.Address}/api/models/x?cursor=again>; rel=\"next\"");
        Assert.Contains("more than 100 pages", await _pull.FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listing_beyond_all_measure_is_refused()
    {
        _pull.Hub.Intercept = r => HubResponse.Json(new string(' ', 17 << 20));
        Assert.Contains("longer than 16 MiB a page", await _pull.FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_of_a_listing_cannot_overflow_in_sum()
    {
        var digest = FileDigest.TryParse(DigestAlgorithm.Sha256, new string('A', 64))!;
        Assert.Equal(new string('a', 64), digest.Hex);
        var parts = Enumerable.Range(1, 1000).Select(i => new RemoteFile($"m-{i:00000}-of-01000.gguf", RemoteFile.MaxSize, digest)).ToArray();
        Assert.Equal(1000 * RemoteFile.MaxSize, ModelSelector.Select(ModelReference.Parse("a/b"), parts).Size);
    }
}
