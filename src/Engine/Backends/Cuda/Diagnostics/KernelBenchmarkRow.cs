namespace AgentRuntime.Engine.Backends.Cuda.Diagnostics;

/// <summary>What one kernel or copy does on the device.</summary>
/// <param name="Kernel">Its name, as in native/kernels, or what is copied.</param>
/// <param name="Shape">What it worked on.</param>
/// <param name="Microseconds">Median time of one run.</param>
/// <param name="GigabytesPerSecond">Bytes that it has to read and write, over the time; null where that is not what bounds it.</param>
/// <param name="TeraflopsPerSecond">Multiplications and additions over the time; null where they are not what bounds it.</param>
public sealed record KernelBenchmarkRow(string Kernel, string Shape, double Microseconds, double? GigabytesPerSecond, double? TeraflopsPerSecond);
