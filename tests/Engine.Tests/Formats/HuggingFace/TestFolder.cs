using System.Text;
using System.Text.Json.Nodes;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;

namespace AgentRuntime.Engine.Tests.Formats.HuggingFace;

/// <summary>A synthetic model written as a Hugging Face folder, and the GGUF that it was made from.</summary>
internal sealed class TestFolder : IDisposable
{
    public const string QwenPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public TestFolder(string shape, string quantization) : this(ModelShape.Find(shape), quantization)
    {
    }

    public TestFolder(ModelShape shape, string quantization)
    {
        using var stream = new MemoryStream();
        ModelSynthesizer.Write(shape, QuantizationMix.Find(quantization), stream);
        Original = GgufFile.Open(stream.ToArray(), shape.Config.Name);
        Config = MakeConfig(Original.RequireConfig(), Original.Tensors.ContainsKey("output.weight"));
        Tokenizer = MakeTokenizer();
        Settings = new() { ["eos_token"] = "<|im_end|>", ["pad_token"] = new JsonObject { ["content"] = "<|endoftext|>" }, ["add_bos_token"] = false, ["chat_template"] = "hello" };
        Tensors = MakeTensors().ToList();
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("agentrt-test-").FullName;

    public GgufFile Original { get; }

    public JsonObject Config { get; }

    public JsonObject Tokenizer { get; }

    public JsonObject Settings { get; }

    public List<(string Name, string Type, long[] Shape, byte[] Data)> Tensors { get; private set; }

    /// <summary>Writes the folder's files, the tensors in one file or in two with an index, and opens it.</summary>
    public ModelFile Open(bool sharded = false)
    {
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), Config.ToJsonString());
        File.WriteAllText(System.IO.Path.Combine(Path, "tokenizer.json"), Tokenizer.ToJsonString());
        File.WriteAllText(System.IO.Path.Combine(Path, "tokenizer_config.json"), Settings.ToJsonString());
        if (!sharded)
        {
            File.WriteAllBytes(System.IO.Path.Combine(Path, "model.safetensors"), Safetensors(Tensors));
            return ModelLoader.Open(Path);
        }
        var map = new JsonObject();
        for (var part = 0; part < 2; part++)
        {
            var tensors = Tensors.Where((_, i) => i % 2 == part).ToList();
            File.WriteAllBytes(System.IO.Path.Combine(Path, $"model-{part}.safetensors"), Safetensors(tensors));
            foreach (var tensor in tensors) map[tensor.Name] = $"model-{part}.safetensors";
        }
        File.WriteAllText(System.IO.Path.Combine(Path, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
        return ModelLoader.Open(Path);
    }

    public static byte[] Safetensors(IEnumerable<(string Name, string Type, long[] Shape, byte[] Data)> tensors)
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        using var data = new MemoryStream();
        foreach (var (name, type, shape, bytes) in tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(data.Position, data.Position + bytes.Length),
            };
            data.Write(bytes);
        }
        return WithHeader(header.ToJsonString(), data.ToArray());
    }

    public static byte[] WithHeader(string header, params byte[] data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. data];
    }

    public void Dispose()
    {
        Original.Dispose();
        Directory.Delete(Path, true);
    }

    private static JsonObject MakeConfig(ModelConfig config, bool untied) => new()
    {
        ["model_type"] = config.Architecture == "qwen3moe" ? "qwen3_moe" : config.Architecture,
        ["hidden_size"] = config.EmbeddingLength,
        ["intermediate_size"] = config.FeedForwardLength,
        ["num_hidden_layers"] = config.Layers,
        ["num_attention_heads"] = config.Heads,
        ["num_key_value_heads"] = config.KvHeads,
        ["head_dim"] = config.HeadLength,
        ["vocab_size"] = config.VocabularySize,
        ["max_position_embeddings"] = config.ContextLength,
        ["rms_norm_eps"] = config.RmsEpsilon,
        ["rope_theta"] = config.RopeBase,
        ["tie_word_embeddings"] = !untied,
        ["hidden_act"] = "silu",
        ["num_experts"] = config.Experts,
        ["num_experts_per_tok"] = config.ExpertsUsed,
        ["moe_intermediate_size"] = Math.Max(1, config.ExpertFeedForwardLength),
        ["norm_topk_prob"] = config.NormalizeExpertWeights,
    };

    private JsonObject MakeTokenizer()
    {
        var vocabulary = Original.Vocabulary!;
        var (entries, added) = (new JsonObject(), new JsonArray());
        for (var id = 0; id < vocabulary.Tokens.Count; id++)
        {
            var type = vocabulary.Types[id];
            if (type == AgentRuntime.Engine.Tokenization.TokenType.Normal) entries[vocabulary.Tokens[id]] = id;
            else added.Add(new JsonObject { ["id"] = id, ["content"] = vocabulary.Tokens[id], ["special"] = type == AgentRuntime.Engine.Tokenization.TokenType.Control });
        }
        return new()
        {
            ["added_tokens"] = added,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = QwenPattern } },
                    new JsonObject { ["type"] = "ByteLevel", ["use_regex"] = false }),
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = entries,
                ["merges"] = new JsonArray([.. vocabulary.Merges.Select(merge => (JsonNode)merge)]),
            },
        };
    }

    private IEnumerable<(string Name, string Type, long[] Shape, byte[] Data)> MakeTensors()
    {
        foreach (var tensor in Original.Tensors.Values)
        {
            var data = new byte[tensor.ByteLength];
            for (var row = 0; row < tensor.Rows; row++) tensor.Row(row).CopyTo(data.AsSpan((int)(Place(tensor.Name, row) * tensor.RowBytes)));
            if (tensor.Shape.Count < 3)
            {
                yield return (Name(tensor.Name), tensor.Type.ToString(), [.. tensor.Shape.Reverse()], data);
                continue;
            }
            var part = data.Length / (int)tensor.Shape[2];
            for (var expert = 0; expert < tensor.Shape[2]; expert++)
                yield return (Name(tensor.Name).Replace("mlp.", $"mlp.experts.{expert}.", StringComparison.Ordinal), tensor.Type.ToString(),
                    [tensor.Shape[1], tensor.Shape[0]], data[(expert * part)..((expert + 1) * part)]);
        }
    }

    /// <summary>GGUF files of the llama family hold the two dimensions of a rope pair next to each other, folders half a head apart.</summary>
    private long Place(string name, long row)
    {
        var config = Original.Config!;
        if (config.RopeHalfSplit || !name.EndsWith("attn_q.weight", StringComparison.Ordinal) && !name.EndsWith("attn_k.weight", StringComparison.Ordinal)) return row;
        var (head, dimension) = (row / config.HeadLength, row % config.HeadLength);
        return head * config.HeadLength + dimension % 2 * (config.HeadLength / 2) + dimension / 2;
    }

    private static string Name(string gguf) => gguf switch
    {
        "token_embd.weight" => "model.embed_tokens.weight",
        "output_norm.weight" => "model.norm.weight",
        "output.weight" => "lm_head.weight",
        _ => gguf.Replace("blk.", "model.layers.", StringComparison.Ordinal)
            .Replace("attn_norm", "input_layernorm", StringComparison.Ordinal).Replace("ffn_norm", "post_attention_layernorm", StringComparison.Ordinal)
            .Replace("attn_output", "self_attn.o_proj", StringComparison.Ordinal)
            .Replace("attn_q_norm", "self_attn.q_norm", StringComparison.Ordinal).Replace("attn_k_norm", "self_attn.k_norm", StringComparison.Ordinal)
            .Replace("attn_q.", "self_attn.q_proj.", StringComparison.Ordinal).Replace("attn_k.", "self_attn.k_proj.", StringComparison.Ordinal)
            .Replace("attn_v.", "self_attn.v_proj.", StringComparison.Ordinal).Replace("ffn_gate_inp", "mlp.gate", StringComparison.Ordinal)
            .Replace("_exps", "", StringComparison.Ordinal).Replace("ffn_gate", "mlp.gate_proj", StringComparison.Ordinal)
            .Replace("ffn_up", "mlp.up_proj", StringComparison.Ordinal).Replace("ffn_down", "mlp.down_proj", StringComparison.Ordinal),
    };
}
