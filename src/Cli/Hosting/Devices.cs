using System.Globalization;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda;
using AgentRuntime.Engine.Backends.Cuda.Driver;

namespace AgentRuntime.Cli.Hosting;

/// <summary>What <c>--device</c> names.</summary>
internal static class Devices
{
    /// <summary>The backend of a device; null for the processor.</summary>
    /// <param name="device"><c>cpu</c>, <c>cuda</c>, <c>cuda:n</c>, or <c>auto</c>: a GPU where there is one that can be used.</param>
    /// <param name="notes">Told why a GPU that is there is not used.</param>
    /// <exception cref="UsageException">There is no such device.</exception>
    /// <exception cref="CudaException">The GPU cannot be used.</exception>
    public static IBackend? Open(string device, TextWriter notes)
    {
        if (device == "cpu") return null;
        if (device == "auto") return Automatic(notes);
        if (device == "cuda") return CudaBackend.Open();
        if (device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal))
            return CudaBackend.Open(ordinal);
        throw new UsageException($"There is no device '{device}'; use cpu, cuda, cuda:N or auto.");
    }

    private static CudaBackend? Automatic(TextWriter notes)
    {
        try
        {
            return CudaBackend.Open();
        }
        catch (CudaException error)
        {
            if (!error.IsNoDriver) notes.WriteLine($"note: {error.Message} The model runs on the processor.");
            return null;
        }
    }
}
