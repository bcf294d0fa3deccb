namespace AgentRuntime.Engine.Backends;

/// <summary>What a model has to have room for when it is loaded.</summary>
public sealed record LoadRequest
{
    /// <summary>Tokens of context that must fit.</summary>
    public required int Context { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>Most tokens in one forward pass.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>Most bytes for keys and values, or null for what the backend has to spare.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Layers that have to run on the GPU, all when there are fewer; null for as many as fit.</summary>
    public int? GpuLayers { get; init; }
}
