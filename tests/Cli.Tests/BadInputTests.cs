namespace AgentRuntime.Cli.Tests;

/// <summary>Whatever is wrong: one sentence on standard error, nothing on standard output, exit code 2.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("agentrt-bad-").FullName;

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        Directory.Delete(_folder, true);
    }

    [Theory]
    [InlineData("'fly' is not expected here", "fly")]
    [InlineData("Say what to do", "run", "--approval", "never")]
    [InlineData("Give a task or --resume, not both", "run", "--resume", "x", "do it")]
    [InlineData("does not exist; name a folder", "run", "--repo", "/no/such/folder", "--approval", "never", "do it")]
    [InlineData("There is no model 'gone'", "generate", "--model", "gone", "--prompt", "x")]
    [InlineData("Give exactly one of", "generate", "--model", "tiny-coder")]
    [InlineData("--top-p 2 is out of range", "generate", "--prompt", "x", "--top-p", "2")]
    [InlineData("'x' is not a token id", "generate", "--tokens", "1,x")]
    [InlineData("There is no device 'tpu'", "generate", "--model", "tiny-coder", "--prompt", "x", "--device", "tpu")]
    [InlineData("Kernels are measured on a GPU", "bench", "kernels", "--device", "cpu")]
    [InlineData("There is no KV type 'f8'", "generate", "--model", "tiny-coder", "--prompt", "x", "--kv", "f8")]
    [InlineData("There is no tool 'fly'", "tools", "call", "fly", "--approval", "never")]
    [InlineData("--args is not a JSON object", "tools", "call", "search", "--args", "{", "--approval", "never")]
    [InlineData("--args is not a JSON object", "tools", "call", "search", "--args", "[1]", "--approval", "never")]
    [InlineData("/no/such/prompt", "generate", "--model", "tiny-coder", "--prompt-file", "/no/such/prompt")]
    [InlineData("There is no approval mode 'maybe'", "tools", "call", "search", "--approval", "maybe")]
    [InlineData("Give a model or --template", "model", "render", "--jsonl")]
    [InlineData("an API key is required", "serve", "--host", "0.0.0.0")]
    [InlineData("'box.example' is no address of this machine", "serve", "--host", "box.example")]
    [InlineData("The port 99999 is out of range", "serve", "--port", "99999")]
    [InlineData("--parallel must be 1 to 512", "serve", "--parallel", "0")]
    [InlineData("--drain must be", "serve", "--drain", "-1")]
    [InlineData("--otlp x is no address", "serve", "--otlp", "x")]
    [InlineData("/no/such/key", "serve", "--api-key-file", "/no/such/key")]
    [InlineData("--otlp collector is no address", "run", "--repo", ".", "--approval", "never", "--model", "tiny-coder", "--otlp", "collector", "do it")]
    public async Task Says_what_is_wrong(string sentence, params string[] arguments)
    {
        var code = await CommandLine.RunAsync(arguments, _output, _error);
        Assert.Equal((2, ""), (code, _output.ToString()));
        var error = _error.ToString().TrimEnd('\n').Split('\n')[^1];
        Assert.StartsWith("agentrt: ", error, StringComparison.Ordinal);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hello, this is no model file at all")]
    [InlineData("GGUF")]
    [InlineData("")]
    public async Task A_file_that_is_no_model(string content)
    {
        var file = Path.Combine(_folder, "x.gguf");
        await File.WriteAllTextAsync(file, content);
        Assert.Equal(2, await CommandLine.RunAsync(["model", "inspect", file], _output, _error));
        Assert.Contains("x.gguf", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_cut_short()
    {
        var whole = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "models/tiny-coder/tiny-coder.gguf"));
        var file = Path.Combine(_folder, "cut.gguf");
        foreach (var length in new[] { 10, 1000, 20_000, whole.Length / 2, whole.Length - 1 })
        {
            await File.WriteAllBytesAsync(file, whole[..length]);
            Assert.Equal(2, await CommandLine.RunAsync(["generate", "--model", file, "--prompt", "x"], _output, _error));
        }
        Assert.DoesNotContain("   at ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_folder_is_no_repository()
    {
        Assert.Equal(2, await CommandLine.RunAsync(["run", "--repo", _folder, "--approval", "never", "do it"], _output, _error));
        Assert.Contains("is empty", _error.ToString(), StringComparison.Ordinal);
    }
}
