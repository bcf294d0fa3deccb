using AgentRuntime.Cli.Models;

namespace AgentRuntime.Cli.Tests.Models;

/// <summary>Downloads that go well, and what is on the disk after them.</summary>
public sealed class ModelDownloaderTests : IDisposable
{
    private readonly Pull _pull = new();

    public void Dispose() => _pull.Dispose();

    [Fact]
    public async Task A_quantisation_is_installed_under_its_name()
    {
        _pull.Hub.Add("Tiny-Model-Q8_0.gguf");
        var content = _pull.Hub.Add("Tiny-Model-Q5_K_M.gguf", 5000);
        var model = await _pull.RunAsync("maker/Tiny-Model-GGUF:q5_k_m");
        Assert.Equal(new PulledModel("tiny-model-q5_k_m", _pull.PathTo("tiny-model-q5_k_m.gguf"), 5000, 5000), model);
        Assert.Equal(["tiny-model-q5_k_m.gguf"], _pull.Files());
        Assert.Equal(content, File.ReadAllBytes(model.Path));
        Assert.Equal((DownloadPhase.Downloading, 5000, 5000), _pull.Steps[^1]);
        Assert.Equal("/maker/Tiny-Model-GGUF/resolve/main/Tiny-Model-Q5_K_M.gguf", Assert.Single(_pull.Hub.Downloads).Path);
    }

    [Fact]
    public async Task An_installed_model_is_checked_and_not_fetched_again()
    {
        _pull.Hub.Add("m-Q8_0.gguf");
        await _pull.RunAsync();
        Assert.Equal(0, (await _pull.RunAsync()).DownloadedBytes);
        Assert.Single(_pull.Hub.Downloads);
    }

    [Fact]
    public async Task A_changed_model_replaces_the_installed_one()
    {
        _pull.Hub.Add("m-Q8_0.gguf");
        var old = await _pull.RunAsync();
        byte[] content = [.. File.ReadAllBytes(old.Path).Reverse()];
        _pull.Hub.Add("m-Q8_0.gguf", content);
        Assert.Equal(content, File.ReadAllBytes((await _pull.RunAsync()).Path));
        Assert.Equal(["tiny-model-q8_0.gguf"], _pull.Files());
    }

    [Fact]
    public async Task A_repository_of_safetensors_becomes_a_folder()
    {
        string[] wanted = ["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.json"];
        foreach (var file in wanted) _pull.Hub.Add(file, 700, large: file.EndsWith(".safetensors", StringComparison.Ordinal));
        foreach (var other in (string[])["README.md", "consolidated.safetensors", "onnx/model.safetensors", "pytorch_model.bin"]) _pull.Hub.Add(other);
        var model = await _pull.RunAsync("maker/Tiny.1-Model");
        Assert.Equal(new PulledModel("tiny.1-model", _pull.PathTo("tiny.1-model"), 3500, 3500), model);
        Assert.Equal(wanted.Select(f => "tiny.1-model/" + f), _pull.Files());
        Assert.Equal(0, (await _pull.RunAsync("maker/Tiny.1-Model")).DownloadedBytes);
    }

    [Fact]
    public async Task Small_files_are_verified_by_their_git_id()
    {
        _pull.Hub.Add("config.json", [1, 2, 3], large: false, hash: new string('1', 40));
        _pull.Hub.Add("model.safetensors");
        Assert.Contains("config.json of maker/m does not have the hash", await _pull.FailAsync("maker/m"), StringComparison.Ordinal);
        Assert.Empty(_pull.Files());
    }

    [Fact]
    public async Task A_folder_goes_on_with_the_file_that_was_cut()
    {
        var config = _pull.Hub.Add("config.json", 50, large: false);
        var weights = _pull.Hub.Add("model.safetensors", 900);
        _pull.Write("m.partial/config.json", config);
        _pull.Write("m.partial/model.safetensors", weights[..300]);
        _pull.Write("m.partial/model-00001-of-00007.safetensors", [1]);
        Assert.Equal(600, (await _pull.RunAsync("maker/m")).DownloadedBytes);
        Assert.Equal(300, Assert.Single(_pull.Hub.Downloads).RangeStart);
        Assert.Equal(["m/config.json", "m/model.safetensors"], _pull.Files());
    }

    [Fact]
    public async Task The_parts_of_a_split_model_come_together()
    {
        for (var part = 1; part <= 3; part++) _pull.Hub.Add($"Q8_0/m-Q8_0-0000{part}-of-00003.gguf");
        var model = await _pull.RunAsync();
        Assert.Equal(("tiny-model-q8_0", 3000), (model.Name, model.Bytes));
        Assert.Equal(["tiny-model-q8_0/m-Q8_0-00001-of-00003.gguf", "tiny-model-q8_0/m-Q8_0-00002-of-00003.gguf", "tiny-model-q8_0/m-Q8_0-00003-of-00003.gguf"], _pull.Files());
        Assert.Equal(_pull.PathTo("tiny-model-q8_0/m-Q8_0-00001-of-00003.gguf"), _pull.Folder.Find(model.Name)!.Path);
    }

    [Fact]
    public async Task A_missing_part_is_refused()
    {
        _pull.Hub.Add("m-Q8_0-00001-of-00003.gguf");
        _pull.Hub.Add("m-Q8_0-00003-of-00003.gguf");
        Assert.Equal("The repository does not hold m-Q8_0 completely: 2 of its 3 files are there.", await _pull.FailAsync());
        Assert.Empty(_pull.Hub.Downloads);
    }

    [Fact]
    public async Task Names_are_escaped_in_addresses()
    {
        _pull.Hub.Add("my model #1-Q8_0.gguf");
        await _pull.RunAsync();
        Assert.Equal("/maker/Tiny-Model-GGUF/resolve/main/my%20model%20%231-Q8_0.gguf", Assert.Single(_pull.Hub.Downloads).Path);
    }

    [Fact]
    public async Task A_model_that_does_not_fit_on_the_disk_is_refused_before_it_is_fetched()
    {
        _pull.Hub.Add("m-Q8_0.gguf", [1], size: RemoteFile.MaxSize);
        Assert.StartsWith("tiny-model-q8_0 needs 1.13 PB more in ", await _pull.FailAsync(), StringComparison.Ordinal);
        Assert.Empty(_pull.Hub.Downloads);
    }

    [Fact]
    public async Task A_disk_that_fills_up_ends_the_download_with_a_sentence()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full, the device that is always full.");
        _pull.Hub.Add("m-Q8_0.gguf");
        File.CreateSymbolicLink(_pull.PathTo("tiny-model-q8_0.gguf.partial"), "/dev/full");
        Assert.Contains("make room and pull again", await _pull.FailAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_downloads_of_a_model_do_not_mix()
    {
        _pull.Hub.Add("m-Q8_0.gguf");
        using var other = new FileStream(_pull.PathTo("tiny-model-q8_0.gguf.partial"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        Assert.Contains("or another agentrt is downloading it", await _pull.FailAsync(), StringComparison.Ordinal);
    }
}
