using System.Globalization;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cuda;

namespace AgentRuntime.Engine.Backends;

/// <summary>The devices by the names that users give them.</summary>
public static class Devices
{
    /// <summary>Opens a device.</summary>
    /// <param name="device"><c>cpu</c>, <c>cuda</c>, <c>cuda:n</c>, or <c>auto</c>: a GPU where there is one that can be used.</param>
    /// <param name="notes">Told, with <c>auto</c>, why a GPU that is there is not used.</param>
    /// <exception cref="EngineException">There is no such device, or it cannot be used.</exception>
    public static IBackend Open(string device, Action<string>? notes = null)
    {
        if (device == "cpu") return new CpuBackend();
        if (device == "auto") return new AutomaticBackend(notes);
        if (device == "cuda") return CudaBackend.Open();
        if (device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal))
            return CudaBackend.Open(ordinal);
        throw new EngineException($"There is no device '{device}'; use cpu, cuda, cuda:N or auto.");
    }
}
