namespace AgentRuntime.Engine.Backends.Cuda.Driver;

/// <summary>What the driver says of a device.</summary>
/// <param name="Ordinal">Its number, from 0.</param>
/// <param name="Name">Its name.</param>
/// <param name="Major">Compute capability before the point.</param>
/// <param name="Minor">Compute capability behind the point.</param>
/// <param name="Multiprocessors">Its multiprocessors.</param>
/// <param name="MemoryBytes">Its memory.</param>
public sealed record CudaDeviceInfo(int Ordinal, string Name, int Major, int Minor, int Multiprocessors, long MemoryBytes)
{
    /// <summary>Bytes a second between memory and multiprocessors, from the memory's clock and bus width; null where the driver does not tell them.</summary>
    public double? MemoryBandwidth { get; init; }
}
