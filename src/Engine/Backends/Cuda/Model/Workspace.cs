using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>Device memory for what a pass computes between the weights, [token][width] floats unless said otherwise.</summary>
internal sealed class Workspace
{
    public Workspace(CudaDevice device, ModelConfig config, int tokens)
    {
        ulong Rows(long width, int rows = 0) => device.AllocateFloats((rows == 0 ? tokens : rows) * width);
        Hidden = Rows(config.EmbeddingLength);
        Normed = Rows(config.EmbeddingLength);
        Query = Rows(config.Heads * config.HeadLength);
        Key = Rows(config.KvHeads * config.HeadLength);
        Value = Rows(config.KvHeads * config.ValueHeadLength);
        Attention = Rows(config.Heads * config.ValueHeadLength);
        var choices = config.Experts == 0 ? tokens : tokens * config.ExpertsUsed;
        var width = config.Experts == 0 ? config.FeedForwardLength : config.ExpertFeedForwardLength;
        Gate = Rows(width, choices);
        Up = Rows(width, choices);
        Logits = Rows(config.VocabularySize, Math.Min(tokens, Operators.MostVectors));
        if (config.Experts == 0) return;
        Scores = Rows(config.Experts);
        Chosen = Rows(1, choices);
        ChosenWeights = Rows(1, choices);
        Results = Rows(config.EmbeddingLength, choices);
    }

    /// <summary>The residual stream.</summary>
    public ulong Hidden { get; }

    public ulong Normed { get; }

    public ulong Query { get; }

    public ulong Key { get; }

    public ulong Value { get; }

    public ulong Attention { get; }

    public ulong Gate { get; }

    public ulong Up { get; }

    /// <summary>[logit row][vocabulary], a few rows at a time.</summary>
    public ulong Logits { get; }

    /// <summary>[token][experts]</summary>
    public ulong Scores { get; }

    /// <summary>[token][used] expert numbers.</summary>
    public ulong Chosen { get; }

    public ulong ChosenWeights { get; }

    /// <summary>[token][used][embedding]</summary>
    public ulong Results { get; }
}
