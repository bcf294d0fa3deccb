using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Formats.Gguf;

public sealed class GgufFileTests
{
    [Fact]
    public void Opens_a_model_with_configuration_tensors_vocabulary_and_template()
    {
        using var model = ModelLoader.Open(TestFiles.Golden("qwen3-q8_0.gguf"));
        var config = model.RequireConfig();
        Assert.Equal("qwen3", config.Architecture);
        Assert.Equal((2, 256, 512, 4096), (config.Layers, config.EmbeddingLength, config.VocabularySize, config.ContextLength));
        Assert.Equal((128, 128, 128), (config.HeadLength, config.ValueHeadLength, config.RopeDimensions));
        Assert.True(config.RopeHalfSplit);
        Assert.Equal(1_000_000, config.RopeBase);
        Assert.Equal(StorageType.Q8_0, model.Tensors["blk.1.ffn_down.weight"].Type);
        Assert.Equal([512L, 256L], model.Tensors["blk.1.ffn_down.weight"].Shape);
        Assert.Equal(512, model.Vocabulary!.Tokens.Count);
        Assert.Equal(("gpt2", "qwen2", 511), (model.Vocabulary.Model, model.Vocabulary.PreTokenizer, model.Vocabulary.EosToken));
        Assert.Equal(TokenType.Control, model.Vocabulary.Types[511]);
        Assert.False(model.Vocabulary.AddBos);
        Assert.Contains("<|im_start|>", model.ChatTemplate, StringComparison.Ordinal);
    }

    [Fact]
    public void Llama_pairs_neighbouring_dimensions()
    {
        using var model = ModelLoader.Open(TestFiles.Golden("llama-q4_0.gguf"));
        Assert.False(model.RequireConfig().RopeHalfSplit);
    }

    [Fact]
    public void Every_golden_model_can_be_run()
    {
        foreach (var path in Directory.GetFiles(TestFiles.Shared("goldens"), "*.gguf"))
        {
            using var model = ModelLoader.Open(path);
            Assert.Null(model.Problem);
            Assert.Equal(512, model.RequireConfig().VocabularySize);
        }
    }

    [Theory]
    [InlineData("ggml-vocab-gpt-2.gguf", "gpt2", 50257, "gpt-2: the model family gpt2 is not supported")]
    [InlineData("ggml-vocab-llama-bpe.gguf", "gpt2", 128256, "holds only a vocabulary")]
    [InlineData("ggml-vocab-llama-spm.gguf", "llama", 32000, "holds only a vocabulary")]
    [InlineData("ggml-vocab-qwen2.gguf", "gpt2", 151936, "holds only a vocabulary")]
    public void Opens_a_file_that_holds_only_a_vocabulary(string file, string tokenizer, int tokens, string problem)
    {
        using var model = ModelLoader.Open(TestFiles.Shared("vocab", file));
        Assert.Equal((tokenizer, tokens), (model.Vocabulary!.Model, model.Vocabulary.Tokens.Count));
        Assert.Empty(model.Tensors);
        Assert.Contains(problem.Split(": ")[^1], Assert.Throws<ModelFormatException>(model.RequireConfig).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<EngineException>(() => ModelLoader.Open("/nowhere/model.gguf"));
        Assert.Equal("The model file /nowhere/model.gguf does not exist.", error.Message);
    }
}
