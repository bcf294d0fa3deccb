namespace AgentRuntime.Engine.Backends;

/// <summary>How a backend should set up a model.</summary>
public sealed record RunnerOptions
{
    /// <summary>Tokens per KV block, everywhere.</summary>
    public const int BlockTokens = 32;

    /// <summary>Number of KV blocks to hold, shared by all sessions.</summary>
    public required int KvBlocks { get; init; }

    /// <summary>Most KV blocks to keep in host memory beside those on a device, for runners that are an <see cref="IKvOffload"/>; 0 for none.</summary>
    public int HostKvBlocks { get; init; }

    /// <summary>Storage type of the KV cache.</summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>Most tokens in one forward pass.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>Compute threads, or 0 for one per physical core, fewer for a very small model.</summary>
    public int Threads { get; init; }

    /// <summary>Layers at the model's end that run on the GPU, the others on the processor; null for all. A backend without a GPU takes no notice.</summary>
    public int? GpuLayers { get; init; }
}
