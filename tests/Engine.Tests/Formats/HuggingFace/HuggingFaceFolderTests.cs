using System.Text.Json.Nodes;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Formats.HuggingFace;

public sealed class HuggingFaceFolderTests
{
    [Theory]
    [InlineData("tiny-test", "F32", false)]
    [InlineData("tiny-test", "F16", false)]
    [InlineData("tiny-test", "BF16", true)]
    [InlineData("tiny-test-moe", "BF16", true)]
    public void A_folder_holds_the_same_model_as_the_GGUF_file_it_was_made_from(string shape, string type, bool sharded)
    {
        using var folder = new TestFolder(shape, type);
        using var model = folder.Open(sharded);
        Assert.Null(model.Problem);
        Assert.Equal(folder.Original.Config! with { Name = model.Config!.Name }, model.Config);
        Assert.Equal(folder.Original.Tensors.Keys.Order(), model.Tensors.Keys.Order());
        foreach (var (name, tensor) in model.Tensors)
        {
            var original = folder.Original.Tensors[name];
            Assert.Equal(original.Shape, tensor.Shape);
            Assert.Equal(original.Type, tensor.Type);
            for (var row = 0; row < tensor.Rows; row++) Assert.True(original.Row(row).SequenceEqual(tensor.Row(row)), name);
        }
    }

    [Fact]
    public void Vectors_in_16_bits_become_F32()
    {
        using var folder = new TestFolder("tiny-test", "BF16");
        var norm = folder.Tensors.FindIndex(tensor => tensor.Name == "model.norm.weight");
        folder.Tensors[norm] = ("model.norm.weight", "BF16", [64], [.. Enumerable.Repeat<byte[]>([0x80, 0x3F], 64).SelectMany(b => b)]);
        using var model = folder.Open();
        var tensor = model.Tensors["output_norm.weight"];
        Assert.Equal(StorageType.F32, tensor.Type);
        Assert.Equal(1f, BitConverter.ToSingle(tensor.Row(0)));
    }

    [Fact]
    public void The_vocabulary_is_the_GGUF_files()
    {
        using var folder = new TestFolder("tiny-test", "F16");
        using var model = folder.Open();
        var (actual, expected) = (model.Vocabulary!, folder.Original.Vocabulary!);
        Assert.Equal(expected.Tokens, actual.Tokens);
        Assert.Equal(expected.Types, actual.Types);
        Assert.Equal(expected.Merges, actual.Merges);
        Assert.Equal((expected.Model, expected.PreTokenizer, expected.EosToken), (actual.Model, actual.PreTokenizer, actual.EosToken));
        Assert.Equal((expected.PaddingToken, expected.AddBos), (actual.PaddingToken, actual.AddBos));
        Assert.Equal("hello", model.ChatTemplate);
    }

    [Fact]
    public void Merges_may_be_pairs_and_missing_ids_are_padded()
    {
        using var folder = new TestFolder("tiny-test", "F16");
        var json = folder.Tokenizer["model"]!;
        json["merges"] = new JsonArray([.. folder.Original.Vocabulary!.Merges.Select(merge => (JsonNode)new JsonArray(merge.Split(' ')[0], merge.Split(' ')[1]))]);
        json["vocab"]!.AsObject().Remove(folder.Original.Vocabulary!.Tokens[300]);
        using var model = folder.Open();
        Assert.Equal(folder.Original.Vocabulary!.Merges, model.Vocabulary!.Merges);
        Assert.Equal(("[PAD300]", TokenType.Unused), (model.Vocabulary.Tokens[300], model.Vocabulary.Types[300]));
    }

    [Fact]
    public void Byte_fallback_makes_a_SentencePiece_vocabulary()
    {
        using var folder = new TestFolder("tiny-test", "F16");
        folder.Tokenizer["model"]!["byte_fallback"] = true;
        folder.Tokenizer["normalizer"] = new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" };
        using var model = folder.Open();
        Assert.Equal(("llama", true), (model.Vocabulary!.Model, model.Vocabulary.AddSpacePrefix));
        Assert.True(model.Vocabulary.Scores[256] > model.Vocabulary.Scores[257]);
    }

    [Fact]
    public void Llama_3_rope_scaling_becomes_frequency_factors()
    {
        using var folder = new TestFolder("tiny-test", "F16");
        folder.Config["rope_scaling"] = new JsonObject
        {
            ["rope_type"] = "llama3",
            ["factor"] = 8.0,
            ["low_freq_factor"] = 1.0,
            ["high_freq_factor"] = 4.0,
            ["original_max_position_embeddings"] = 8192,
        };
        using var model = folder.Open();
        var values = model.Tensors["rope_freqs.weight"];
        Assert.Equal([16L], values.Shape);
        Assert.Equal(1f, BitConverter.ToSingle(values.Row(0)));
        Assert.Equal(8f, BitConverter.ToSingle(values.Row(0)[60..]));
    }

    [Fact]
    public void Several_end_tokens_are_kept()
    {
        using var folder = new TestFolder("tiny-test", "F16");
        folder.Config["eos_token_id"] = new JsonArray(511, 509);
        using var model = folder.Open();
        Assert.Equal((511, 509), (model.Vocabulary!.EosToken, model.Vocabulary.EotToken));
    }

    public static TheoryData<string, string, string> Unsupported => new()
    {
        { "model_type", "\"gemma\"", "family gemma is not supported" },
        { "hidden_act", "\"gelu\"", "activation gelu is not supported" },
        { "quantization_config", "{}", "quantized safetensors are not supported" },
        { "rope_scaling", "{\"rope_type\": \"longrope\"}", "type longrope is not supported" },
    };

    [Theory]
    [MemberData(nameof(Unsupported))]
    public void What_is_not_supported_is_named(string key, string value, string message)
    {
        using var folder = new TestFolder("tiny-test", "F16");
        folder.Config[key] = JsonNode.Parse(value);
        using var model = folder.Open();
        Assert.Contains(message, model.Problem, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "hidden_size", "-1", "\"hidden_size\" is -1, expected 1 to" },
        { "hidden_size", "\"64\"", "\"hidden_size\" is of kind String, expected a whole number" },
        { "hidden_size", "128", "has shape [64, 512], expected [128, 512]" },
        { "num_hidden_layers", "3", "tensor blk.2.attn_norm.weight is missing" },
        { "num_hidden_layers", "1000000000", "expected 1 to 4096" },
        { "num_key_value_heads", "3", "4 query heads cannot be shared among 3" },
        { "rms_norm_eps", "null", "\"rms_norm_eps\" is missing" },
        { "partial_rotary_factor", "-1", "rope turns -32 dimensions" },
        { "eos_token_id", "600", "id 600, but the vocabulary has 512 entries" },
        { "vocab_size", "300", "has shape [64, 512], expected [64, 300]" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_configuration_is_refused(string key, string value, string message)
    {
        using var folder = new TestFolder("tiny-test", "F16");
        folder.Config[key] = JsonNode.Parse(value);
        folder.Config["rope_scaling"] = new JsonObject { ["rope_type"] = "llama3", ["factor"] = 8.0 };
        if (key == "eos_token_id") folder.Settings.Remove("eos_token");
        Assert.Contains(message, Assert.Throws<ModelFormatException>(() => folder.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_files_says_what_is_missing()
    {
        var path = Directory.CreateTempSubdirectory("agentrt-test-").FullName;
        Assert.Contains("no config.json", Assert.Throws<ModelFormatException>(() => ModelLoader.Open(path)).Message, StringComparison.Ordinal);
        Directory.Delete(path);
    }

    [Fact]
    public void An_index_cannot_lead_out_of_the_folder()
    {
        using var folder = new TestFolder("tiny-test", "F16");
        folder.Open(sharded: true).Dispose();
        File.WriteAllText(Path.Combine(folder.Path, "model.safetensors.index.json"), """{"weight_map": {"a": "../b.safetensors"}}""");
        Assert.Contains("../b.safetensors is no file name", Assert.Throws<ModelFormatException>(() => ModelLoader.Open(folder.Path)).Message, StringComparison.Ordinal);
    }
}
