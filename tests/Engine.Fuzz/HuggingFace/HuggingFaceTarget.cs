using System.Text;
using AgentRuntime.Engine.Formats.HuggingFace;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Fuzz.HuggingFace;

/// <summary>The JSON files of a Hugging Face folder, here in one: configuration, tokenizer and its settings.</summary>
internal sealed class HuggingFaceTarget : IFuzzTarget
{
    public string Name => "huggingface";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        """
        {"config":{"model_type":"llama","hidden_size":64,"num_attention_heads":4,"num_key_value_heads":2,"num_hidden_layers":2,"intermediate_size":128,
        "vocab_size":8,"max_position_embeddings":512,"rms_norm_eps":1e-5,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,
        "high_freq_factor":4.0,"original_max_position_embeddings":128},"partial_rotary_factor":0.5},
        "tokenizer":{"added_tokens":[{"id":7,"content":"<s>","special":true}],"normalizer":{"type":"Prepend","prepend":"▁"},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}]},
        "model":{"type":"BPE","byte_fallback":true,"unk_token":"a","vocab":{"a":0,"b":1,"ab":2,"<0x0A>":3},"merges":["a b"]}},
        "settings":{"bos_token":"<s>","eos_token":{"content":"a"}}}
        """u8.ToArray(),
        """
        {"config":{"model_type":"qwen3_moe","hidden_size":8,"num_attention_heads":2,"head_dim":4,"num_hidden_layers":1,"intermediate_size":4,"vocab_size":4,
        "max_position_embeddings":16,"rms_norm_eps":1e-6,"rope_theta":1e6,"num_experts":2,"num_experts_per_tok":1,"moe_intermediate_size":2,
        "rope_scaling":{"type":"yarn","factor":4,"original_max_position_embeddings":16}},
        "tokenizer":{"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel"}]},
        "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":3},"merges":[["a","b"]]}},"settings":{"add_bos_token":false}}
        """u8.ToArray(),
    ];

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[] { "null", "true", "-1", "0", "1e30", "1e400", "2147483648", "9e18", "{}", "[]", "\"\"", "\"\\ud800\"", "[[", "{\"a\":", "\"<0xZZ>\":9,", "\"linear\"", "\"default\"" }
            .Select(Encoding.UTF8.GetBytes),
    ];

    public bool Run(byte[] input)
    {
        var all = JsonFields.Parse(input, "fuzz.json");
        ModelConfig? config = null;
        if (all.Object("config") is { } json)
        {
            (config, _, var factors) = HuggingFaceConfigReader.Read(json, "fuzz");
            if (factors is not null && !factors.All(float.IsFinite)) throw new InvalidOperationException("A rope factor is not finite.");
        }
        if (all.Object("tokenizer") is not { } tokenizer) return true;
        var (vocabulary, _) = TokenizerJsonReader.Read(tokenizer, all.Object("settings"), [0], config?.VocabularySize);
        if (vocabulary is not null && VocabularyCheck.Problem(vocabulary) is { } problem) throw new InvalidOperationException(problem);
        return true;
    }
}
