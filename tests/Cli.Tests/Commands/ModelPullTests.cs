using AgentRuntime.Cli.Tests.Models;

namespace AgentRuntime.Cli.Tests.Commands;

/// <summary><c>model pull</c>, <c>list</c> and <c>remove</c> as a user calls them.</summary>
public sealed class ModelPullTests : IDisposable
{
    private readonly HubServer _hub = new();
    private readonly AgentRt _agentrt = new();

    public ModelPullTests()
    {
        _agentrt.Variables["HF_ENDPOINT"] = _hub.Address;
        _agentrt.Variables["HF_TOKEN"] = "hf_secret";
        _agentrt.Variables["NO_PROXY"] = "127.0.0.1";
    }

    public void Dispose()
    {
        _agentrt.Dispose();
        _hub.Dispose();
    }

    [Fact]
    public async Task A_model_is_pulled_listed_and_removed()
    {
        _hub.Add("m-Q8_0.gguf", 5000);
        var pulled = await _agentrt.RunAsync("model", "pull", HubServer.Repository + ":Q8_0", "--json");
        Assert.True(pulled.ExitCode == 0, pulled.Error);
        var document = Assert.Single(pulled.Lines);
        Assert.Equal(("tiny-model-q8_0", 5000), (document.GetProperty("name").GetString(), document.GetProperty("downloaded_bytes").GetInt64()));
        Assert.Contains("hash verified. Use it with --model tiny-model-q8_0.", pulled.Error, StringComparison.Ordinal);
        Assert.All(_hub.Requests, r => Assert.Equal("Bearer hf_secret", r.Authorization));

        var listed = (await _agentrt.RunAsync("model", "list", "--json")).Lines.First();
        Assert.Equal(("tiny-model-q8_0", 5000, false), (listed.GetProperty("name").GetString(), listed.GetProperty("bytes").GetInt64(), listed.GetProperty("is_partial").GetBoolean()));
        Assert.True(File.Exists(listed.GetProperty("path").GetString()));

        Assert.Equal("removed tiny-model-q8_0, 5.00 kB\n", (await _agentrt.RunAsync("model", "remove", "tiny-model-q8_0")).Output.ReplaceLineEndings("\n"));
        Assert.Equal(2, (await _agentrt.RunAsync("model", "remove", "tiny-model-q8_0")).ExitCode);
    }

    [Fact]
    public async Task An_open_choice_is_bad_usage_and_a_lie_a_failure()
    {
        _hub.Add("m-Q6_K.gguf", [1, 2], hash: new string('0', 64));
        _hub.Add("m-F16.gguf");
        var open = await _agentrt.RunAsync("model", "pull", HubServer.Repository);
        Assert.Equal((2, "", "agentrt: maker/Tiny-Model-GGUF has several models; write maker/Tiny-Model-GGUF:QUANT with one of F16, Q6_K.\n"), (open.ExitCode, open.Output, open.Error.ReplaceLineEndings("\n")));
        var lie = await _agentrt.RunAsync("model", "pull", HubServer.Repository + ":Q6_K");
        Assert.Equal((1, ""), (lie.ExitCode, lie.Output));
        Assert.StartsWith("agentrt: m-Q6_K.gguf of maker/Tiny-Model-GGUF does not have the hash", Assert.Single(lie.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }
}
