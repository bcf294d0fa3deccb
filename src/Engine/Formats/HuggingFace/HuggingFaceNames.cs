using System.Globalization;
using System.Text.RegularExpressions;

namespace AgentRuntime.Engine.Formats.HuggingFace;

/// <summary>Translates tensor names of Hugging Face's transformers into GGUF's.</summary>
internal static partial class HuggingFaceNames
{
    private static readonly Dictionary<string, string> Global = new(StringComparer.Ordinal)
    {
        ["model.embed_tokens.weight"] = "token_embd.weight",
        ["model.norm.weight"] = "output_norm.weight",
        ["lm_head.weight"] = "output.weight",
    };

    private static readonly Dictionary<string, string> InLayer = new(StringComparer.Ordinal)
    {
        ["input_layernorm"] = "attn_norm",
        ["post_attention_layernorm"] = "ffn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
        ["mlp.gate"] = "ffn_gate_inp",
        ["block_sparse_moe.gate"] = "ffn_gate_inp",
    };

    private static readonly Dictionary<string, string> OfExpert = new(StringComparer.Ordinal)
    {
        ["gate_proj"] = "ffn_gate_exps",
        ["up_proj"] = "ffn_up_exps",
        ["down_proj"] = "ffn_down_exps",
        ["w1"] = "ffn_gate_exps",
        ["w3"] = "ffn_up_exps",
        ["w2"] = "ffn_down_exps",
    };

    /// <summary>The GGUF name, and which expert of a stacked tensor it is; null for a name that we do not know.</summary>
    public static (string Name, int? Expert)? Translate(string name)
    {
        if (Global.TryGetValue(name, out var translated)) return (translated, null);
        if (Expert().Match(name) is { Success: true } expert && OfExpert.TryGetValue(expert.Groups["part"].Value, out var stacked))
            return ($"blk.{expert.Groups["layer"].Value}.{stacked}.weight", int.Parse(expert.Groups["expert"].Value, CultureInfo.InvariantCulture));
        if (Layer().Match(name) is { Success: true } layer && InLayer.TryGetValue(layer.Groups["part"].Value, out var part))
            return ($"blk.{layer.Groups["layer"].Value}.{part}.{layer.Groups["kind"].Value}", null);
        return null;
    }

    /// <summary>Old files carry rope's frequencies, which are computed.</summary>
    public static bool IsIgnored(string name) => name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal);

    [GeneratedRegex(@"^model\.layers\.(?<layer>0|[1-9][0-9]{0,4})\.(?<part>[a-z_.]+)\.(?<kind>weight|bias)\z", RegexOptions.NonBacktracking)]
    private static partial Regex Layer();

    [GeneratedRegex(@"^model\.layers\.(?<layer>0|[1-9][0-9]{0,4})\.(mlp|block_sparse_moe)\.experts\.(?<expert>0|[1-9][0-9]{0,4})\.(?<part>[a-z0-9_]+)\.weight\z", RegexOptions.NonBacktracking)]
    private static partial Regex Expert();
}
