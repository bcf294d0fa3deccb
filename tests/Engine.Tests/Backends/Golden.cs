using System.Text.Json;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Backends;

/// <summary>
/// Golden logits of a small model, and the rule by which an engine passes: its error against exact arithmetic is on
/// average at most 1.3 times the peer engine's own (never under 1e-3), for no prompt over 2.5 times it, and positions
/// whose exact margin is at least 0.35 pick the exact token (one in 200 may not).
/// </summary>
internal static class Golden
{
    public static void AssertPasses(string jsonPath, IBackend backend, KvType kvType = KvType.F32, int threads = 2, int longest = int.MaxValue, int? gpuLayers = null)
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(jsonPath));
        using var file = ModelLoader.Open(Path.Combine(Path.GetDirectoryName(jsonPath)!, golden.RootElement.GetProperty("model").GetString()!));
        using var runner = backend.LoadModel(file, new RunnerOptions { KvBlocks = 8, KvType = kvType, MaxBatchTokens = 256, Threads = threads, GpuLayers = gpuLayers }, cancellationToken: default);
        double errors = 0, peerErrors = 0;
        var prompts = 0;
        foreach (var prompt in golden.RootElement.GetProperty("prompts").EnumerateArray())
        {
            var tokens = Numbers(prompt, "tokens").Select(value => (int)value).ToArray();
            if (tokens.Length > longest) continue;
            var exact = Numbers(prompt, "last_logits");
            var argmax = Numbers(prompt, "argmax");
            var margin = Numbers(prompt, "margin");
            var peer = prompt.GetProperty("peer_error").GetDouble();
            var logits = Run.All(runner, tokens);
            var last = logits[^1];
            var error = Math.Sqrt(exact.Zip(last, (e, a) => (e - a) * (e - a)).Sum() / exact.Sum(e => e * e));
            Assert.True(error <= Math.Max(2.5 * peer, 1e-3), $"{tokens.Length} tokens: error {error:g4}, the peer's {peer:g4}");
            var wrong = Enumerable.Range(0, tokens.Length).Count(i => margin[i] >= 0.35 && Array.IndexOf(logits[i], logits[i].Max()) != (int)argmax[i]);
            Assert.True(wrong <= 0.005 * tokens.Length, $"{tokens.Length} tokens: {wrong} wrong");
            errors += error;
            peerErrors += peer;
            prompts++;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{Path.GetFileName(jsonPath)}: {errors / Math.Max(1.3 * peerErrors, 1e-3 * prompts):f3} of the limit");
        Assert.True(errors <= Math.Max(1.3 * peerErrors, 1e-3 * prompts), $"mean error {errors / prompts:g4}, the peer's {peerErrors / prompts:g4}");
    }

    private static double[] Numbers(JsonElement prompt, string name) =>
        prompt.GetProperty(name).EnumerateArray().Select(value => value.GetDouble()).ToArray();
}
