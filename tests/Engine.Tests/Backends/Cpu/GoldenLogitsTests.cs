using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;

namespace AgentRuntime.Engine.Tests.Backends.Cpu;

public sealed class GoldenLogitsTests
{
    [Theory]
    [InlineData("llama-q4_0")]
    [InlineData("qwen2-q4_k_m")]
    [InlineData("qwen3-q8_0")]
    public void GoldensOfTheRepository(string name) => Golden.AssertPasses(TestFiles.Golden($"{name}.json"), new CpuBackend());

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
    public void GoldensBesideTheRepository(string name) => Golden.AssertPasses(TestFiles.Shared("goldens", $"{name}.json"), new CpuBackend());

    [Theory]
    [InlineData("llama-q4_0", KvType.F16)]
    [InlineData("qwen2-q4_k_m", KvType.F16)]
    [InlineData("qwen3-q8_0", KvType.F16)]
    [InlineData("qwen3-q8_0", KvType.Q8_0)]
    public void GoldensWithSmallerKvTypes(string name, KvType type) => Golden.AssertPasses(TestFiles.Golden($"{name}.json"), new CpuBackend(), type);
}
