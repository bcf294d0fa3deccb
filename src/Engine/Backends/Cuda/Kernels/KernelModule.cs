using System.IO.Compression;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Memory;

namespace AgentRuntime.Engine.Backends.Cuda.Kernels;

/// <summary>The kernels of native/kernels, loaded on a device from the PTX that ships with the engine.</summary>
internal sealed unsafe class KernelModule : IDisposable
{
    private readonly CudaDevice _device;
    private readonly nint _module;
    private readonly Dictionary<string, nint> _functions = new(StringComparer.Ordinal);

    public KernelModule(CudaDevice device)
    {
        _device = device;
        _module = device.Driver.LoadModule(Ptx(Target(device.Info)));
    }

    /// <summary>The target whose PTX suits a device: sm_90a runs on 9.0 alone, sm_80 on everything later.</summary>
    public static string Target(CudaDeviceInfo device) => device is { Major: 9, Minor: 0 } ? "sm_90a" : "sm_80";

    /// <summary>The PTX for a target, with the zero that the driver wants at its end.</summary>
    public static byte[] Ptx(string target)
    {
        using var resource = typeof(KernelModule).Assembly.GetManifestResourceStream($"AgentRuntime.Engine.Kernels.{target}.ptx.gz")!;
        using var text = new GZipStream(resource, CompressionMode.Decompress);
        using var buffer = new MemoryStream();
        text.CopyTo(buffer);
        buffer.WriteByte(0);
        return buffer.ToArray();
    }

    /// <summary>A kernel by name.</summary>
    public nint this[string name] => _functions.TryGetValue(name, out var known) ? known : _functions[name] = _device.Driver.Function(_module, name);

    /// <summary>Queues a kernel on the device's stream.</summary>
    public void Launch<T>(nint function, (int X, int Y, int Z) grid, int threads, T parameters) where T : unmanaged =>
        _device.Driver.Launch(function, grid, threads, &parameters, _device.Stream);

    public void Dispose() => _device.Driver.UnloadModule(_module);
}
