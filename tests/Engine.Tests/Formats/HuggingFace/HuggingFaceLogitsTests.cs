using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;

namespace AgentRuntime.Engine.Tests.Formats.HuggingFace;

public sealed class HuggingFaceLogitsTests
{
    /// <summary>A folder computes what the GGUF file with the same weights computes, whatever order rope's pairs have there.</summary>
    [Theory]
    [InlineData("qwen3", "tiny-test", "BF16")]
    [InlineData("llama", "tiny-test", "F16")]
    [InlineData("qwen3moe", "tiny-test-moe", "F32")]
    public void Logits_are_the_GGUF_files(string family, string shape, string type)
    {
        var model = ModelShape.Find(shape);
        model = model with { Config = model.Config with { Architecture = family, RopeHalfSplit = family != "llama" } };
        using var folder = new TestFolder(model, type);
        using var opened = folder.Open();
        var (actual, expected) = (Logits(opened), Logits(folder.Original));
        var largest = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++) Assert.InRange(actual[i], expected[i] - 1e-4f * largest, expected[i] + 1e-4f * largest);
    }

    private static float[] Logits(ModelFile file)
    {
        using var runner = new CpuBackend().LoadModel(file, new RunnerOptions { KvBlocks = 2, KvType = KvType.F32, Threads = 1 });
        int[] tokens = [.. Enumerable.Range(0, 40).Select(i => i * 37 % 512)];
        var logits = new float[512];
        runner.Forward(new(tokens, [new SequenceSlice(0, tokens.Length, 0, [1, 0])], [tokens.Length - 1]), logits);
        return logits;
    }
}
