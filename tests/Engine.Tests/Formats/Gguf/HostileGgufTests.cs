using AgentRuntime.Engine.Formats.Gguf;

namespace AgentRuntime.Engine.Tests.Formats.Gguf;

/// <summary>Every way in which a GGUF file can lie is refused with a sentence that names the place.</summary>
public sealed class HostileGgufTests
{
    private readonly RawGguf _file = RawGguf.Llama();

    [Fact]
    public void The_file_that_the_tests_spoil_is_sound()
    {
        using var model = GgufFile.Open(_file.ToArray(), "x.gguf");
        Assert.Null(model.Problem);
    }

    [Fact]
    public void Other_formats()
    {
        Refused("x.gguf: not a GGUF file (it does not start with \"GGUF\").", []);
        Refused("not a GGUF file", "PK\u0003\u0004 something else"u8.ToArray());
        Refused("GGUF version 1 is not supported", () => _file.Version = 1);
        Refused("a big-endian GGUF file", () => _file.Version = 0x03000000);
    }

    [Fact]
    public void A_file_cut_short_anywhere()
    {
        var bytes = _file.ToArray();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<ModelFormatException>(() => GgufFile.Open(bytes[..length], "x.gguf").Dispose());
    }

    [Fact]
    public void Too_many_tensors() => Refused("the number of tensors is 1152921504606846976, more than the remaining", () => _file.TensorCount = 1UL << 60);

    [Fact]
    public void Too_many_pairs() => Refused("the number of metadata pairs is 18446744073709551615, more than", () => _file.PairCount = ulong.MaxValue);

    [Fact]
    public void An_array_longer_than_the_file() =>
        Refused("the length of a is 4294967296, more than the remaining", () => _file["a"] = new byte[] { 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 });

    [Fact]
    public void A_text_longer_than_the_file() =>
        Refused("a holds a text of 9223372036854775807 bytes", () => _file["a"] = new byte[] { 8, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127 });

    [Fact]
    public void An_unknown_value_type() => Refused("a has the unknown value type 13", () => _file["a"] = new byte[] { 13, 0, 0, 0 });

    [Fact]
    public void An_unknown_element_type() => Refused("a has the unknown element type 77", () => _file["a"] = new byte[] { 9, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 });

    [Fact]
    public void An_array_of_arrays() => Refused("a is an array of arrays", () => _file["a"] = new byte[] { 9, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 });

    [Fact]
    public void A_bool_of_two() => Refused("a holds the bool 2, expected 0 or 1", () => _file["a"] = new byte[] { 7, 0, 0, 0, 2 });

    [Fact]
    public void An_empty_key() => Refused("metadata key 12 is empty", () => _file[""] = 1u);

    [Fact]
    public void A_key_twice() => Refused("metadata key general.architecture appears twice", () => _file.Pairs.Add(("general.architecture", "llama")));

    [Theory]
    [InlineData(0u)]
    [InlineData(4u)]
    [InlineData(48u)]
    [InlineData(2u << 20)]
    public void A_bad_alignment(uint alignment) => Refused("metadata key general.alignment is", () => _file["general.alignment"] = alignment);

    [Fact]
    public void An_alignment_of_the_wrong_type() => Refused("general.alignment has type String, expected an integer", () => _file["general.alignment"] = "32");

    [Fact]
    public void A_tensor_twice() => Refused("tensor output_norm.weight appears twice", () => _file.AddTensor("output_norm.weight", 0, 4));

    [Fact]
    public void A_tensor_without_a_name() => Refused("the name of tensor 11 is empty", () => _file.AddTensor("", 0, 4));

    [Fact]
    public void A_tensor_with_a_long_name() => Refused("is 65 bytes long, at most 64", () => _file.AddTensor(new('a', 65), 0, 4));

    [Fact]
    public void A_tensor_without_dimensions() => Spoiled("has 0 dimensions", tensor => tensor with { Shape = [] });

    [Fact]
    public void A_tensor_of_five_dimensions() => Spoiled("has 5 dimensions", tensor => tensor with { Shape = [1, 1, 1, 1, 4] });

    [Fact]
    public void A_tensor_of_size_zero() => Spoiled("has dimension 1 of 0", tensor => tensor with { Shape = [4, 0] });

    [Fact]
    public void A_shape_that_overflows() => Spoiled("ends outside the file", tensor => tensor with { Shape = [int.MaxValue, 4, 4] });

    [Fact]
    public void A_shape_that_overflows_64_bits() => Spoiled("lies outside the file", tensor => tensor with { Shape = [int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue] });

    [Fact]
    public void A_negative_dimension() => Spoiled("has dimension 0 of 18446744073709551615", tensor => tensor with { Shape = [-1, 4] });

    [Fact]
    public void An_unknown_storage_type() => Spoiled("has the unknown type 4", tensor => tensor with { Type = 4 });

    [Fact]
    public void Rows_that_are_no_whole_blocks() => Spoiled("has rows of 4 values, expected a multiple of 256 for Q4_K", tensor => tensor with { Type = 12 });

    [Fact]
    public void A_misaligned_tensor() => Spoiled("which is not a multiple of 32", tensor => tensor with { Offset = tensor.Offset + 4 });

    [Fact]
    public void An_offset_outside_the_file() => Spoiled("ends outside the file", tensor => tensor with { Offset = 1 << 20 });

    [Fact]
    public void An_offset_beyond_63_bits() => Spoiled("lies outside the file", tensor => tensor with { Offset = 1UL << 63 });

    [Fact]
    public void Overlapping_tensors() => Spoiled("before the previous tensor's end", tensor => tensor with { Offset = 0 });

    [Fact]
    public void Tensors_in_descending_order() => Refused("before the previous tensor's end", () =>
        (_file.Tensors[0], _file.Tensors[1]) = (_file.Tensors[0] with { Offset = _file.Tensors[1].Offset }, _file.Tensors[1] with { Offset = 0 }));

    [Theory]
    [InlineData("general.architecture", 3u, "general.architecture has type UInt32, expected text")]
    [InlineData("llama.block_count", "1", "llama.block_count has type String, expected an integer")]
    [InlineData("llama.block_count", 0u, "llama.block_count is 0, expected 1 to 4096")]
    [InlineData("llama.block_count", 2u, "tensor blk.1.attn_norm.weight is missing")]
    [InlineData("llama.embedding_length", 8u, "tensor token_embd.weight has shape [4, 8], expected [8, 8]")]
    [InlineData("llama.feed_forward_length", 16u, "tensor blk.0.ffn_gate.weight has shape [4, 8], expected [4, 16]")]
    [InlineData("llama.attention.head_count", 3u, "4 values cannot be split among 3 heads")]
    [InlineData("llama.attention.head_count_kv", 3u, "1 query heads cannot be shared among 3 key/value heads")]
    [InlineData("llama.attention.key_length", 4294967295u, "llama.attention.key_length is 4294967295, expected 1 to")]
    [InlineData("llama.attention.layer_norm_rms_epsilon", 0f, "the epsilon of the norms is 0")]
    [InlineData("llama.attention.layer_norm_rms_epsilon", float.NaN, "layer_norm_rms_epsilon is not a finite number")]
    [InlineData("llama.rope.freq_base", -1f, "the base of rope is -1")]
    [InlineData("llama.rope.dimension_count", 6u, "rope turns 6 dimensions of a head of 4")]
    [InlineData("llama.rope.scaling.type", "magic", "llama.rope.scaling.type is magic, expected none, linear or yarn")]
    [InlineData("llama.context_length", 18446744073709551615ul, "llama.context_length is 18446744073709551615, expected 1 to")]
    [InlineData("tokenizer.ggml.tokens", 1u, "tokenizer.ggml.tokens has type UInt32, expected an array of strings")]
    [InlineData("tokenizer.ggml.bos_token_id", 8u, "the beginning-of-sequence token has id 8, but the vocabulary has 8 entries")]
    [InlineData("tokenizer.ggml.bos_token_id", true, "tokenizer.ggml.bos_token_id has type Bool, expected an integer")]
    [InlineData("tokenizer.ggml.add_bos_token", 1u, "add_bos_token has type UInt32, expected a bool")]
    [InlineData("tokenizer.chat_template", 1u, "tokenizer.chat_template has type UInt32, expected text")]
    public void A_known_key_with_a_wrong_value(string key, object value, string message) => Refused(message, () => _file[key] = value);

    [Fact]
    public void Missing_keys() => Refused("metadata key llama.block_count is missing", () => _file.Pairs.RemoveAll(pair => pair.Key == "llama.block_count"));

    [Fact]
    public void A_missing_vocabulary() => Refused("metadata key tokenizer.ggml.tokens is missing", () => _file.Pairs.RemoveAll(pair => pair.Key == "tokenizer.ggml.tokens"));

    [Fact]
    public void Vocabulary_arrays_of_unequal_length()
    {
        Refused("the vocabulary has 8 tokens but 2 token types", () => _file["tokenizer.ggml.token_type"] = new[] { 1, 1 });
        _file["tokenizer.ggml.token_type"] = new[] { 1, 1, 1, 1, 1, 1, 1, 1 };
        Refused("the vocabulary has 8 tokens but 1 scores", () => _file["tokenizer.ggml.scores"] = new[] { 1f });
    }

    [Fact]
    public void A_vocabulary_that_the_embeddings_do_not_fit() =>
        Refused("tensor token_embd.weight has shape [4, 8], expected [4, 2]", () =>
        {
            _file["tokenizer.ggml.tokens"] = new[] { "a", "b" };
            _file.Pairs.RemoveAll(pair => pair.Key is "tokenizer.ggml.token_type" or "tokenizer.ggml.scores");
        });

    [Theory]
    [InlineData("<0xG1>")]
    [InlineData("<0x 1>")]
    [InlineData("<0x1>")]
    [InlineData("0x11")]
    public void A_byte_token_that_is_not_two_hex_digits(string token) =>
        Refused($"token 3 is \"{token}\", expected a byte written as <0xNN>",
            () => _file["tokenizer.ggml.tokens"] = new[] { "<unk>", "<s>", "</s>", token, "a", "b", "ab", "c" });

    [Fact]
    public void An_unknown_token_type() => Refused("token 1 has the unknown type 9", () => _file["tokenizer.ggml.token_type"] = new[] { 2, 9, 3, 6, 1, 1, 1, 1 });

    [Fact]
    public void A_merge_without_two_parts() => Refused("merge 0 is \"ab\", expected two parts", () => _file["tokenizer.ggml.merges"] = new[] { "ab" });

    [Fact]
    public void Experts_that_cannot_be() => Refused("expert_used_count is 9, expected 1 to 2", () =>
    {
        _file["llama.expert_count"] = 2u;
        _file["llama.expert_used_count"] = 9u;
    });

    private void Spoiled(string message, Func<RawGguf.Tensor, RawGguf.Tensor> spoil) => Refused(message, () => _file.Tensors[5] = spoil(_file.Tensors[5]));

    private void Refused(string message, Action spoil)
    {
        spoil();
        Refused(message, _file.ToArray());
    }

    private static void Refused(string message, byte[] contents)
    {
        var error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(contents, "x.gguf").Dispose());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("x.gguf: ", error.Message, StringComparison.Ordinal);
    }
}
