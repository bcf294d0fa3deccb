using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>The weights of one transformer layer. What a family does not have is null.</summary>
internal sealed class CpuLayer : IDisposable
{
    public required NativeBuffer AttentionNorm { get; init; }
    public required WeightMatrix Query { get; init; }
    public required WeightMatrix Key { get; init; }
    public required WeightMatrix Value { get; init; }
    public required WeightMatrix AttentionOutput { get; init; }
    public NativeBuffer? QueryBias { get; init; }
    public NativeBuffer? KeyBias { get; init; }
    public NativeBuffer? ValueBias { get; init; }
    public NativeBuffer? QueryNorm { get; init; }
    public NativeBuffer? KeyNorm { get; init; }
    public required NativeBuffer FeedForwardNorm { get; init; }

    /// <summary>Router of a mixture of experts; null in a dense layer.</summary>
    public WeightMatrix? Router { get; init; }

    /// <summary>One matrix in a dense layer, one an expert otherwise; likewise <see cref="Up"/> and <see cref="Down"/>.</summary>
    public required WeightMatrix[] Gate { get; init; }
    public required WeightMatrix[] Up { get; init; }
    public required WeightMatrix[] Down { get; init; }

    /// <summary>Its matrices in the order in which a token reads them; without experts, whose order only the router knows.</summary>
    public IEnumerable<WeightMatrix> Dense => Router is null
        ? [Query, Key, Value, AttentionOutput, .. Gate, .. Up, .. Down]
        : [Query, Key, Value, AttentionOutput, Router];

    public static CpuLayer Load(WeightLoader loader, ModelConfig config, int index)
    {
        string Name(string tensor) => $"blk.{index}.{tensor}";
        int embedding = config.EmbeddingLength, queries = config.Heads * config.HeadLength;
        int keys = config.KvHeads * config.HeadLength, values = config.KvHeads * config.ValueHeadLength;
        var dense = config.Experts == 0;
        int width = dense ? config.FeedForwardLength : config.ExpertFeedForwardLength;
        WeightMatrix[] FeedForward(string tensor, int rows, int columns) => dense
            ? [loader.Matrix(Name($"{tensor}.weight"), rows, columns)]
            : loader.Experts(Name($"{tensor}_exps.weight"), config.Experts, rows, columns);
        return new CpuLayer
        {
            AttentionNorm = loader.Vector(Name("attn_norm.weight"), embedding),
            Query = loader.Matrix(Name("attn_q.weight"), queries, embedding),
            Key = loader.Matrix(Name("attn_k.weight"), keys, embedding),
            Value = loader.Matrix(Name("attn_v.weight"), values, embedding),
            AttentionOutput = loader.Matrix(Name("attn_output.weight"), embedding, config.Heads * config.ValueHeadLength),
            QueryBias = loader.OptionalVector(Name("attn_q.bias"), queries),
            KeyBias = loader.OptionalVector(Name("attn_k.bias"), keys),
            ValueBias = loader.OptionalVector(Name("attn_v.bias"), values),
            QueryNorm = loader.OptionalVector(Name("attn_q_norm.weight"), config.HeadLength),
            KeyNorm = loader.OptionalVector(Name("attn_k_norm.weight"), config.HeadLength),
            FeedForwardNorm = loader.Vector(Name("ffn_norm.weight"), embedding),
            Router = dense ? null : loader.Matrix(Name("ffn_gate_inp.weight"), config.Experts, embedding),
            Gate = FeedForward("ffn_gate", width, embedding),
            Up = FeedForward("ffn_up", width, embedding),
            Down = FeedForward("ffn_down", embedding, width),
        };
    }

    public void Dispose()
    {
        foreach (var matrix in new[] { Query, Key, Value, AttentionOutput, Router }.Concat(Gate).Concat(Up).Concat(Down)) matrix?.Dispose();
        foreach (var vector in new[] { AttentionNorm, QueryBias, KeyBias, ValueBias, QueryNorm, KeyNorm, FeedForwardNorm }) vector?.Dispose();
    }
}
