using System.IO.Compression;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Memory;

namespace AgentRuntime.Engine.Backends.Cuda.Kernels;

/// <summary>
/// The kernels of native/kernels, loaded on a device from the PTX that ships with the engine, or from the folder that
/// <c>AGENTRT_CUDA_PTX</c> names: files of another compiler, as <c>native/kernels/build nvcc FOLDER</c> makes them. Each is
/// compiled by the driver when it is first asked for.
/// </summary>
internal sealed unsafe class KernelModule : IDisposable
{
    /// <summary>Names a folder with PTX to use in place of the engine's own.</summary>
    public const string FolderVariable = "AGENTRT_CUDA_PTX";

    /// <summary>When it is 0, every kernel waits until the one before it is done.</summary>
    public const string EarlyVariable = "AGENTRT_CUDA_EARLY_LAUNCH";

    private readonly CudaDevice _device;
    private readonly bool _early;
    private readonly PtxText _ptx;
    private readonly List<nint> _modules = [];
    private readonly Dictionary<nint, int> _resident = [];
    private readonly Dictionary<string, nint> _functions = new(StringComparer.Ordinal);

    public KernelModule(CudaDevice device)
    {
        _device = device;
        // Graphs know it from CUDA 12.3 on.
        _early = device.Info.Major >= 9 && device.Driver.Version >= 12030 && Environment.GetEnvironmentVariable(EarlyVariable) != "0";
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        _ptx = new(string.IsNullOrEmpty(folder) ? Ptx(Target(device.Info)) : Ptx(Target(device.Info), folder));
    }

    /// <summary>The target whose PTX suits a device: sm_90a runs on 9.0 alone, sm_80 on everything later.</summary>
    public static string Target(CudaDeviceInfo device) => device is { Major: 9, Minor: 0 } ? "sm_90a" : "sm_80";

    /// <summary>The engine's own PTX for a target.</summary>
    public static byte[] Ptx(string target)
    {
        using var resource = typeof(KernelModule).Assembly.GetManifestResourceStream($"AgentRuntime.Engine.Kernels.{target}.ptx.gz")!;
        return Unpack(resource);
    }

    /// <summary>The PTX for a target from a folder, likewise.</summary>
    /// <exception cref="CudaException">The folder has none.</exception>
    public static byte[] Ptx(string target, string folder)
    {
        var path = Path.Combine(folder, $"{target}.ptx.gz");
        try
        {
            using var file = File.OpenRead(path);
            return Unpack(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CudaException($"The kernels cannot be read from {path}, where {FolderVariable} points: {error.Message} Run 'native/kernels/build nvcc {folder}', or unset the variable.");
        }
    }

    /// <summary>Multiprocessors of the device.</summary>
    public int Multiprocessors => _device.Info.Multiprocessors;

    /// <summary>Blocks of a kernel that the device holds at once.</summary>
    public int ResidentBlocks(nint function, int threads)
    {
        if (!_resident.TryGetValue(function, out var blocks))
            _resident[function] = blocks = Math.Max(1, _device.Driver.ResidentBlocks(function, threads)) * _device.Info.Multiprocessors;
        return blocks;
    }

    /// <summary>A kernel by name.</summary>
    public nint this[string name] => _functions.TryGetValue(name, out var known) ? known : _functions[name] = Compile(name);

    /// <summary>A kernel by name, whose launches give each block shared memory beyond its own arrays.</summary>
    public nint WithSharedMemory(string name, int bytes)
    {
        if (_functions.TryGetValue(name, out var known)) return known;
        var function = this[name];
        _device.Driver.AllowSharedMemory(function, bytes);
        return function;
    }

    /// <summary>Queues a kernel on the device's stream.</summary>
    public void Launch<T>(nint function, (int X, int Y, int Z) grid, int threads, T parameters, int sharedBytes = 0) where T : unmanaged =>
        _device.Driver.Launch(function, grid, threads, sharedBytes, &parameters, _device.Stream);

    /// <summary>
    /// Queues a kernel that may begin while the one before it still runs, and waits for it itself (await_previous_kernel
    /// in native/kernels/src/device.h); on older devices and drivers as <see cref="Launch"/>.
    /// </summary>
    public void LaunchEarly<T>(nint function, (int X, int Y, int Z) grid, int threads, T parameters) where T : unmanaged
    {
        if (_early) _device.Driver.LaunchEarly(function, grid, threads, &parameters, _device.Stream);
        else Launch(function, grid, threads, parameters);
    }

    public void Dispose()
    {
        foreach (var module in _modules) _device.Driver.UnloadModule(module);
    }

    private nint Compile(string name)
    {
        var module = _device.Driver.LoadModule(_ptx.Of(name));
        _modules.Add(module);
        return _device.Driver.Function(module, name);
    }

    private static byte[] Unpack(Stream packed)
    {
        using var text = new GZipStream(packed, CompressionMode.Decompress);
        using var buffer = new MemoryStream();
        text.CopyTo(buffer);
        return buffer.ToArray();
    }
}
