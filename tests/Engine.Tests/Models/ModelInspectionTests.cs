using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tests.Formats.Gguf;

namespace AgentRuntime.Engine.Tests.Models;

public sealed class ModelInspectionTests
{
    [Fact]
    public void Says_what_a_model_is_and_needs()
    {
        using var model = ModelLoader.Open(TestFiles.Golden("qwen2-q4_k_m.gguf"));
        var inspection = ModelInspection.Of(model);
        Assert.Equal(("qwen2", "synthetic-gold-tied-qwen2", "Q4_K_M"), (inspection.Architecture, inspection.Name, inspection.Quantization));
        Assert.Equal((4096, 2, 512, true), (inspection.ContextLength, inspection.Layers, inspection.Vocabulary, inspection.Template));
        Assert.Null(inspection.Problem);
        Assert.Equal(26, inspection.Tensors.Count);
        Assert.Equal(1_313_024, inspection.Parameters);
        // 2 layers of 4 heads of 32 keys and 32 values
        Assert.Equal(2 * 4 * 64 * 2 * 100, inspection.KvBytes(100));
        Assert.Equal(2 * 4 * 64 * 34 / 32 * 100, inspection.KvBytes(100, KvType.Q8_0));
        Assert.Equal(inspection.WeightBytes + 2 * 4 * 64 * 4 * 100, inspection.MemoryBytes(100, KvType.F32));
    }

    [Fact]
    public void Names_an_unsupported_family()
    {
        var file = new RawGguf { Pairs = { ("general.architecture", "gemma9"), ("gemma9.context_length", 77u), ("gemma9.block_count", "nine") } };
        file.AddTensor("a", 0, 4);
        using var model = GgufFile.Open(file.ToArray(), "x.gguf");
        var inspection = ModelInspection.Of(model);
        Assert.Equal("x.gguf: the model family gemma9 is not supported (supported: llama, qwen2, qwen3, qwen3moe).", inspection.Problem);
        Assert.Equal(("gemma9", 77, null, "F32"), (inspection.Architecture, inspection.ContextLength, inspection.Layers, inspection.Quantization));
        Assert.Null(inspection.MemoryBytes(1));
    }

    [Fact]
    public void Names_an_unsupported_storage_type_and_still_lists_it()
    {
        var file = RawGguf.Llama();
        var index = file.Tensors.FindIndex(tensor => tensor.Name == "token_embd.weight");
        file.Tensors[index] = file.Tensors[index] with { Type = 24 }; // 8-bit integers
        using var model = GgufFile.Open(file.ToArray(), "x.gguf");
        var inspection = ModelInspection.Of(model);
        Assert.Contains("the storage type I8 (tensor token_embd.weight) is not supported", inspection.Problem, StringComparison.Ordinal);
        Assert.Equal("I8", inspection.Tensors[index].Type);
        Assert.Throws<ModelFormatException>(model.RequireConfig);
    }
}
