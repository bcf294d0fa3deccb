using System.Text.Json;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Cli.Tests;

/// <summary>What the commands say of a GPU, and what becomes of a run whose GPU fails.</summary>
public sealed class GpuTests
{
    [Fact]
    public async Task Doctor_and_inspect_say_what_there_is()
    {
        using var agentrt = new AgentRt();
        EmulatedGpu.Give(agentrt);
        var gpu = (await JsonAsync(agentrt, "doctor", "--json")).GetProperty("gpus")[0];
        Assert.Equal(("cuda:0", "8.0", "12.8"), (Text(gpu, "device"), Text(gpu, "compute_capability"), Text(gpu, "cuda_version")));
        Assert.Equal(gpu.GetProperty("memory_bytes").GetInt64(), gpu.GetProperty("free_bytes").GetInt64());
        Assert.Contains("compute capability 8.0", (await agentrt.RunAsync("doctor")).Output.ReplaceLineEndings(" "), StringComparison.Ordinal);

        var fit = (await JsonAsync(agentrt, "model", "inspect", "tiny-coder", "--json")).GetProperty("gpu");
        Assert.Equal((4, 4, 2048), (Number(fit, "layers"), Number(fit, "fitting_layers"), Number(fit, "longest_context")));
        Assert.Contains("all 4 layers fit with up to 2,048 tokens", await InspectAsync(agentrt), StringComparison.Ordinal);

        agentrt.Variables["AGENTRT_EMULATION"] = "memory=16";
        Assert.Contains("not all layers fit, 0 of 4 with 2,048", await InspectAsync(agentrt), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_and_inspect_say_in_a_line_why_there_is_no_gpu()
    {
        using var agentrt = new AgentRt();
        agentrt.Variables["AGENTRT_CUDA_DRIVER"] = "/no/such/driver.so";
        Assert.Empty((await JsonAsync(agentrt, "doctor", "--json")).GetProperty("gpus").EnumerateArray());
        Assert.Contains("No NVIDIA driver was found", Text(await JsonAsync(agentrt, "doctor", "--json"), "gpu"), StringComparison.Ordinal);
        Assert.Contains("No NVIDIA driver was found", Text((await JsonAsync(agentrt, "model", "inspect", "tiny-coder", "--json")).GetProperty("gpu"), "problem"), StringComparison.Ordinal);

        EmulatedGpu.Give(agentrt, "capability=75");
        var gpu = (await JsonAsync(agentrt, "doctor", "--json")).GetProperty("gpus")[0];
        Assert.Contains("the kernels need 8.0", Text(gpu, "problem"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no driver", "No NVIDIA driver was found")]
    [InlineData("version=11020", "supports CUDA 11.2, but the kernels need 12.0")]
    [InlineData("capability=61", "has compute capability 6.1")]
    [InlineData("memory=100", "has 100 MB free")]
    public async Task A_gpu_that_cannot_be_used_is_a_sentence(string settings, string sentence)
    {
        using var agentrt = new AgentRt();
        if (settings == "no driver") agentrt.Variables["AGENTRT_CUDA_DRIVER"] = "/no/such/driver.so";
        else EmulatedGpu.Give(agentrt, settings);
        string[] generate = ["generate", "--model", "tiny-coder", "--prompt", "x", "--max-tokens", "2"];
        var failed = await agentrt.RunAsync([.. generate, "--device", "cuda"]);
        Assert.Equal((2, ""), (failed.ExitCode, failed.Output));
        Assert.StartsWith("agentrt: ", failed.Error, StringComparison.Ordinal);
        Assert.Contains(sentence, failed.Error, StringComparison.Ordinal);

        var automatic = await agentrt.RunAsync([.. generate, "--device", "auto"]);
        Assert.Equal(0, automatic.ExitCode);
        // A machine without a driver is nothing to speak of.
        if (settings == "no driver") Assert.DoesNotContain("note:", automatic.Error, StringComparison.Ordinal);
        else Assert.Contains("The model runs on the processor.", automatic.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Layers_for_a_gpu_that_is_not_there_are_noted()
    {
        using var agentrt = new AgentRt();
        agentrt.Variables["AGENTRT_CUDA_DRIVER"] = "/no/such/driver.so";
        var result = await agentrt.RunAsync("generate", "--model", "tiny-coder", "--prompt", "x", "--max-tokens", "2", "--gpu-layers", "2");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("note: No NVIDIA driver was found", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_gpu_fails_goes_on_from_the_journal_on_the_processor()
    {
        Assert.SkipUnless(SandboxProbe.Status.Works, "The run needs a sandbox for its command: " + SandboxProbe.Status.Detail);
        using var repository = new TinyCoderRepository();
        using var agentrt = new AgentRt { ExtraPath = repository.Programs };
        EmulatedGpu.Give(agentrt, "fail=cuGraphLaunch:40:719");
        // Most of it on the processor: the emulation is slow.
        var failed = await agentrt.RunAsync(
            "run", "--repo", repository.Folder, "--approval", "auto", "--device", "cuda", "--gpu-layers", "1", "--json", "The tests fail. Find the cause and fix it.");
        Assert.Equal(1, failed.ExitCode);
        var end = failed.Lines.Last();
        Assert.Equal(("run.failed", "failed"), (Text(end, "type"), Text(end, "status")));
        Assert.Contains("The model could not be computed: The CUDA driver could not launch a graph", end.ToString(), StringComparison.Ordinal);
        Assert.Contains("note: 1 of 4 layers of tiny-coder run on", failed.Error, StringComparison.Ordinal);
        Assert.False(repository.IsFixed);
        var before = repository.Count("start");
        Assert.Equal(1, before);

        var resumed = await agentrt.RunAsync("runs", "resume", "last", "--approval", "auto", "--device", "cpu", "--json");
        Assert.Equal(0, resumed.ExitCode);
        Assert.True(repository.IsFixed);
        // What ran before the fault did not run again: one command is left, which shows that the tests pass.
        Assert.Equal(before + 1, repository.Count("start"));
    }

    [Theory]
    [InlineData("cuda", "many")]
    [InlineData("cuda", "-1")]
    [InlineData("cpu", "3")]
    public async Task Layers_that_make_no_sense_are_a_sentence(string device, string layers)
    {
        using var agentrt = new AgentRt();
        EmulatedGpu.Give(agentrt);
        var result = await agentrt.RunAsync("generate", "--model", "tiny-coder", "--prompt", "x", "--device", device, "--gpu-layers", layers);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains($"--gpu-layers {layers}", result.Error, StringComparison.Ordinal);
    }

    private static async Task<string> InspectAsync(AgentRt agentrt)
    {
        var lines = (await agentrt.RunAsync("model", "inspect", "tiny-coder")).Output.Split('\n', StringSplitOptions.TrimEntries);
        return string.Join(' ', lines);
    }

    private static async Task<JsonElement> JsonAsync(AgentRt agentrt, params string[] arguments) => (await agentrt.RunAsync(arguments)).Lines.Single();

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();
}
