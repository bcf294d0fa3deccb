namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>A layer's weights on the device; an address of 0 is a vector that the model does not have.</summary>
internal sealed class CudaLayer
{
    public required ulong AttentionNorm { get; init; }
    public required CudaMatrix Query { get; init; }
    public required CudaMatrix Key { get; init; }
    public required CudaMatrix Value { get; init; }
    public required CudaMatrix AttentionOutput { get; init; }
    public required ulong QueryBias { get; init; }
    public required ulong KeyBias { get; init; }
    public required ulong ValueBias { get; init; }
    public required ulong QueryNorm { get; init; }
    public required ulong KeyNorm { get; init; }
    public required ulong FeedForwardNorm { get; init; }

    /// <summary>Scores experts; null in a dense model.</summary>
    public required CudaMatrix? Router { get; init; }

    public required CudaMatrix Gate { get; init; }
    public required CudaMatrix Up { get; init; }
    public required CudaMatrix Down { get; init; }
}
