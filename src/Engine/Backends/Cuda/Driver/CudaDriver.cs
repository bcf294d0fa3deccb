using System.Runtime.InteropServices;
using static AgentRuntime.Engine.Backends.Cuda.Driver.CudaNative;

namespace AgentRuntime.Engine.Backends.Cuda.Driver;

/// <summary>The NVIDIA driver that is installed on this machine.</summary>
internal sealed unsafe class CudaDriver : ICudaDriver
{
    /// <summary>The oldest driver API that the kernels' PTX is made for: 8.0, of CUDA 12.0.</summary>
    public const int OldestVersion = 12000;

    private const int MajorAttribute = 75, MinorAttribute = 76, MultiprocessorsAttribute = 16, MemoryClockAttribute = 36, BusWidthAttribute = 37;

    private CudaDriver(int version, int count) => (Version, DeviceCount) = (version, count);

    public int Version { get; }

    public int DeviceCount { get; }

    /// <summary>Loads the driver.</summary>
    /// <exception cref="CudaException">There is none, it is too old, or it has no device; one sentence with the remedy.</exception>
    public static CudaDriver Load()
    {
        try
        {
            Check(cuInit(0), "start");
            Check(cuDriverGetVersion(out var version), "tell its version");
            if (version < OldestVersion)
                throw new CudaException($"The NVIDIA driver supports CUDA {version / 1000}.{version % 1000 / 10}, but the kernels need {OldestVersion / 1000}.{OldestVersion % 1000 / 10}; install a newer driver.");
            Check(cuDeviceGetCount(out var count), "count its devices");
            return count > 0 ? new(version, count) : throw new CudaException("The NVIDIA driver finds no GPU; use --device cpu.");
        }
        catch (DllNotFoundException)
        {
            throw new CudaException($"No NVIDIA driver was found ({FileName}); install it, or use --device cpu.") { IsNoDriver = true };
        }
        catch (EntryPointNotFoundException error)
        {
            throw new CudaException($"{FileName} is no CUDA driver of version 12 or later: {error.Message} Install a newer driver, or use --device cpu.");
        }
    }

    public CudaDeviceInfo Device(int ordinal)
    {
        if (ordinal < 0 || ordinal >= DeviceCount) throw new CudaException($"There is no GPU {ordinal}; this machine has {DeviceCount}, counted from 0.");
        Check(cuDeviceGet(out var device, ordinal), "name a device");
        var name = stackalloc byte[256];
        Check(cuDeviceGetName(name, 256, device), "name a device");
        Check(cuDeviceTotalMem_v2(out var bytes, device), "tell a device's memory");
        return new(
            ordinal, Marshal.PtrToStringUTF8((nint)name) ?? "", Attribute(device, MajorAttribute), Attribute(device, MinorAttribute),
            Attribute(device, MultiprocessorsAttribute), checked((long)bytes))
        {
            MemoryBandwidth = Bandwidth(Attribute(device, MemoryClockAttribute), Attribute(device, BusWidthAttribute)),
        };
    }

    public nint RetainContext(int ordinal)
    {
        Check(cuDeviceGet(out var device, ordinal), "open a device");
        Check(cuDevicePrimaryCtxRetain(out var context, device), "open a device");
        SetContext(context);
        return context;
    }

    // What is given back need not succeed: after a fault the driver refuses everything.
    public void ReleaseContext(int ordinal)
    {
        if (cuDeviceGet(out var device, ordinal) == 0) _ = cuDevicePrimaryCtxRelease_v2(device);
    }

    public void SetContext(nint context) => Check(cuCtxSetCurrent(context), "use a device");

    public long FreeMemory()
    {
        Check(cuMemGetInfo_v2(out var free, out _), "tell the free memory");
        return checked((long)free);
    }

    public ulong Allocate(long bytes)
    {
        Check(cuMemAlloc_v2(out var address, checked((nuint)bytes)), $"allocate {bytes >> 20} MB");
        return address;
    }

    public void Free(ulong address) => _ = cuMemFree_v2(address);

    public void* AllocateHost(long bytes)
    {
        Check(cuMemHostAlloc(out var address, checked((nuint)bytes), 0), $"allocate {bytes >> 20} MB of host memory");
        return address;
    }

    public void FreeHost(void* memory) => _ = cuMemFreeHost(memory);

    public void CopyToDevice(ulong to, void* from, long bytes, nint stream) => Check(cuMemcpyHtoDAsync_v2(to, from, (nuint)bytes, stream), "copy to the device");

    public void CopyToHost(void* to, ulong from, long bytes, nint stream) => Check(cuMemcpyDtoHAsync_v2(to, from, (nuint)bytes, stream), "copy from the device");

    public void CopyOnDevice(ulong to, ulong from, long bytes, nint stream) => Check(cuMemcpyDtoDAsync_v2(to, from, (nuint)bytes, stream), "copy on the device");

    public nint CreateStream()
    {
        const uint NonBlocking = 1;
        Check(cuStreamCreate(out var stream, NonBlocking), "create a stream");
        return stream;
    }

    public void DestroyStream(nint stream) => _ = cuStreamDestroy_v2(stream);

    public void Synchronize(nint stream) => Check(cuStreamSynchronize(stream), "finish the work on the device");

    public void BeginCapture(nint stream)
    {
        const int ThreadLocal = 1;
        Check(cuStreamBeginCapture_v2(stream, ThreadLocal), "record a graph");
    }

    public nint EndCapture(nint stream)
    {
        Check(cuStreamEndCapture(stream, out var graph), "record a graph");
        var code = cuGraphInstantiateWithFlags(out var executable, graph, 0);
        _ = cuGraphDestroy(graph);
        Check(code, "make a graph");
        return executable;
    }

    public void LaunchGraph(nint graph, nint stream) => Check(cuGraphLaunch(graph, stream), "launch a graph");

    public void DestroyGraph(nint graph) => _ = cuGraphExecDestroy(graph);

    public nint CreateEvent(bool timed)
    {
        const uint DisableTiming = 2;
        Check(cuEventCreate(out var created, timed ? 0 : DisableTiming), "create an event");
        return created;
    }

    public void DestroyEvent(nint recorded) => _ = cuEventDestroy_v2(recorded);

    public void RecordEvent(nint recorded, nint stream) => Check(cuEventRecord(recorded, stream), "record an event");

    public void WaitEvent(nint stream, nint recorded) => Check(cuStreamWaitEvent(stream, recorded, 0), "wait for an event");

    public float Elapsed(nint from, nint to)
    {
        Check(cuEventSynchronize(to), "wait for an event");
        Check(cuEventElapsedTime(out var milliseconds, from, to), "time two events");
        return milliseconds;
    }

    public nint LoadModule(ReadOnlySpan<byte> ptx)
    {
        fixed (byte* image = ptx)
        {
            Check(cuModuleLoadData(out var module, image), "load the kernels");
            return module;
        }
    }

    public void UnloadModule(nint module) => _ = cuModuleUnload(module);

    public nint Function(nint module, string name)
    {
        Check(cuModuleGetFunction(out var function, module, name), $"find the kernel {name}");
        return function;
    }

    public int ResidentBlocks(nint function, int threads)
    {
        Check(cuOccupancyMaxActiveBlocksPerMultiprocessor(out var blocks, function, threads, 0), "tell how many blocks fit");
        return blocks;
    }

    public void AllowSharedMemory(nint function, int bytes)
    {
        const int MaxDynamicSharedSizeBytes = 8;
        Check(cuFuncSetAttribute(function, MaxDynamicSharedSizeBytes, bytes), $"give a kernel {bytes >> 10} KB of shared memory");
    }

    public void Launch(nint function, (int X, int Y, int Z) grid, int threads, int sharedBytes, void* parameters, nint stream) => Check(
        cuLaunchKernel(function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)threads, 1, 1, (uint)sharedBytes, stream, &parameters, null), "launch a kernel");

    public void LaunchEarly(nint function, (int X, int Y, int Z) grid, int threads, void* parameters, nint stream)
    {
        var early = new LaunchAttribute { Id = LaunchAttribute.ProgrammaticStreamSerialization, Value = 1 };
        var config = new LaunchConfig
        {
            GridX = (uint)grid.X,
            GridY = (uint)grid.Y,
            GridZ = (uint)grid.Z,
            BlockX = (uint)threads,
            BlockY = 1,
            BlockZ = 1,
            Stream = stream,
            Attributes = &early,
            AttributeCount = 1,
        };
        Check(cuLaunchKernelEx(&config, function, &parameters, null), "launch a kernel");
    }

    /// <summary>Two transfers a clock.</summary>
    private static double? Bandwidth(int kilohertz, int bits) => kilohertz > 0 && bits > 0 ? 2e3 * kilohertz * bits / 8 : null;

    private static int Attribute(int device, int attribute)
    {
        Check(cuDeviceGetAttribute(out var value, attribute, device), "describe a device");
        return value;
    }

    private static void Check(int code, string what)
    {
        if (code == 0) return;
        var name = cuGetErrorName(code, out var text) == 0 ? Marshal.PtrToStringUTF8((nint)text) : null;
        var sentence = cuGetErrorString(code, out text) == 0 ? Marshal.PtrToStringUTF8((nint)text) : null;
        throw new CudaException($"The CUDA driver could not {what}: {sentence ?? "unknown error"} ({name ?? "code " + code}).", code);
    }
}
