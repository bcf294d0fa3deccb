using AgentRuntime.Engine.Backends;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

[Collection(CudaCollection.Name)]
public sealed class CudaGoldenLogitsTests
{
    [Theory]
    [InlineData("llama-q4_0", KvType.F32)]
    [InlineData("qwen2-q4_k_m", KvType.F16)]
    [InlineData("qwen3-q8_0", KvType.F16)]
    [InlineData("qwen3-q8_0", KvType.Q8_0)]
    public void GoldensOfTheRepository(string name, KvType type) => Golden.AssertPasses(TestFiles.Golden($"{name}.json"), EmulatedGpu.Open(), type);

    // The long prompts take the emulation seconds each; those above are enough of them.
    [Theory]
    [InlineData("llama-bf16")]
    [InlineData("llama-f16")]
    [InlineData("llama-f32")]
    [InlineData("llama-q4_k_m")]
    [InlineData("llama-q5_k_m")]
    [InlineData("llama-q6_k")]
    [InlineData("llama-q8_0")]
    [InlineData("qwen2-f16")]
    [InlineData("qwen2-q8_0")]
    [InlineData("qwen3-f16")]
    [InlineData("qwen3-q4_k_m")]
    [InlineData("qwen3moe-q4_k_m")]
    [InlineData("qwen3moe-q8_0")]
    public void GoldensBesideTheRepository(string name) => Golden.AssertPasses(TestFiles.Shared("goldens", $"{name}.json"), EmulatedGpu.Open(), longest: EmulatedGpu.IsEmulated ? 40 : int.MaxValue);
}
