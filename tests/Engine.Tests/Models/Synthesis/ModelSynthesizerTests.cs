using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;

namespace AgentRuntime.Engine.Tests.Models.Synthesis;

public sealed class ModelSynthesizerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentrt-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    public static TheoryData<string> Quantizations => [.. QuantizationMix.All.Select(mix => mix.Name)];

    [Theory]
    [MemberData(nameof(Quantizations))]
    public void A_synthetic_model_can_be_run(string quantization)
    {
        foreach (var shape in new[] { "tiny-test", "tiny-test-moe" })
        {
            using var model = GgufFile.Open(Contents(shape, quantization, 1), shape);
            Assert.Null(model.Problem);
            Assert.Equal(512, model.RequireConfig().VocabularySize);
            Assert.Equal("<|im_end|>", model.Vocabulary!.Tokens[model.Vocabulary.EosToken!.Value]);
        }
    }

    [Fact]
    public void The_seed_decides_the_file()
    {
        Assert.Equal(Contents("tiny-test", "Q8_0", 7), Contents("tiny-test", "Q8_0", 7));
        Assert.NotEqual(Contents("tiny-test", "Q8_0", 7), Contents("tiny-test", "Q8_0", 8));
    }

    [Theory]
    [InlineData("qwen2.5-0.5b", 494_032_768)]
    [InlineData("qwen3-0.6b", 596_049_920)]
    [InlineData("llama3.2-1b", 1_235_814_432)]
    [InlineData("llama3.1-8b", 8_030_261_312)]
    [InlineData("qwen3-30b-a3b", 30_532_122_624)]
    public void Shapes_have_the_real_models_number_of_weights(string name, long expected)
    {
        var shape = ModelShape.Find(name);
        var weights = TensorCatalog.Of(shape.Config)
            .Where(entry => entry.Required || entry.Name == "output.weight" && !shape.Tied || entry.Name == "rope_freqs.weight" && shape.RopeFactor > 0)
            .Sum(entry => entry.Shape.Aggregate(1L, (a, b) => a * b));
        Assert.Equal(expected, weights);
    }

    [Theory]
    [InlineData("Q4_K_M", "token_embd.weight", 896, 24, true, StorageType.Q8_0)] // Q6_K does not fit rows of 896
    [InlineData("Q4_K_M", "blk.5.attn_q.weight", 896, 24, true, StorageType.Q5_0)]
    [InlineData("Q5_K_M", "blk.5.attn_q.weight", 896, 24, true, StorageType.Q5_1)]
    [InlineData("Q4_K_M", "blk.0.ffn_down.weight", 4864, 24, true, StorageType.Q6_K)]
    [InlineData("Q4_K_M", "blk.3.ffn_down.weight", 4864, 24, true, StorageType.Q4_K)]
    [InlineData("Q4_0", "output.weight", 4096, 32, false, StorageType.Q6_K)]
    [InlineData("Q4_0", "token_embd.weight", 4096, 32, false, StorageType.Q4_0)]
    public void Types_are_chosen_as_in_real_files(string mix, string tensor, long rows, int layers, bool tied, StorageType expected) =>
        Assert.Equal(expected, QuantizationMix.Find(mix).TypeOf(new(tensor, [rows, 8]), layers, tied));

    [Theory]
    [InlineData(StorageType.F32)]
    [InlineData(StorageType.F16)]
    [InlineData(StorageType.BF16)]
    [InlineData(StorageType.Q4_0)]
    [InlineData(StorageType.Q5_0)]
    [InlineData(StorageType.Q5_1)]
    [InlineData(StorageType.Q8_0)]
    [InlineData(StorageType.Q4_K)]
    [InlineData(StorageType.Q5_K)]
    [InlineData(StorageType.Q6_K)]
    public void Random_blocks_have_the_wanted_deviation(StorageType type)
    {
        var values = new float[256 * 64];
        var blocks = new byte[StorageLayout.Of(type).Bytes(values.Length)];
        var random = new SplitMix64(1);
        RandomBlocks.Fill(type, blocks, 0.05f, ref random);
        Dequantizer.ToFloat(type, blocks, values);
        Assert.InRange(values.Average(), -0.007, 0.007);
        Assert.InRange(Math.Sqrt(values.Average(v => v * v)), 0.047, 0.053);
    }

    [Fact]
    public void A_cancelled_or_failed_write_leaves_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            ModelSynthesizer.Write("tiny-test", "Q8_0", Path.Combine(_folder, "model.gguf"), cancellationToken: cancelled.Token));
        Assert.Throws<EngineException>(() => ModelSynthesizer.Write("tiny-test", "Q8_0", Path.Combine(_folder, "none", "model.gguf")));
        Assert.Throws<EngineException>(() => ModelSynthesizer.Write("tiny-test", "Q9", Path.Combine(_folder, "model.gguf")));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Writes_a_file_that_opens()
    {
        var path = Path.Combine(_folder, "model.gguf");
        ModelSynthesizer.Write("tiny-test", "Q4_K_M", path);
        using var model = ModelLoader.Open(path);
        Assert.Equal(64, model.RequireConfig().EmbeddingLength);
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    private static byte[] Contents(string shape, string quantization, ulong seed)
    {
        using var stream = new MemoryStream();
        ModelSynthesizer.Write(ModelShape.Find(shape), QuantizationMix.Find(quantization), stream, seed);
        return stream.ToArray();
    }
}
