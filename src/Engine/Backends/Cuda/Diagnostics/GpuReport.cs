using AgentRuntime.Engine.Backends.Cuda.Driver;

namespace AgentRuntime.Engine.Backends.Cuda.Diagnostics;

/// <summary>What there is to know of a GPU without running anything on it.</summary>
/// <param name="Device">What the driver says of it.</param>
/// <param name="CudaVersion">Newest CUDA version that the driver supports, for instance <c>12.8</c>.</param>
/// <param name="FreeBytes">Bytes of its memory that are free, or null where it cannot be used.</param>
/// <param name="Problem">Why it cannot be used, one sentence, or null.</param>
public sealed record GpuReport(CudaDeviceInfo Device, string CudaVersion, long? FreeBytes, string? Problem);
