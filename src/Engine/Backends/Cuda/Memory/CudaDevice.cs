using AgentRuntime.Engine.Backends.Cuda.Driver;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>An opened GPU with one stream. Owns everything that is allocated through it.</summary>
internal sealed unsafe class CudaDevice : IDisposable
{
    private readonly nint _context;
    private readonly List<ulong> _buffers = [];
    private readonly List<nint> _hostBuffers = [];
    private readonly bool _counts;

    /// <summary>Opens a GPU.</summary>
    /// <exception cref="CudaException">There is no such GPU, or it is too old for the kernels.</exception>
    public CudaDevice(ICudaDriver driver, int ordinal)
    {
        Driver = driver;
        Info = driver.Device(ordinal);
        if (Info.Major < 8)
            throw new CudaException($"{Info.Name} has compute capability {Info.Major}.{Info.Minor}, but the kernels need 8.0 or later; use --device cpu.");
        _context = driver.RetainContext(ordinal);
        try
        {
            Stream = driver.CreateStream();
        }
        catch
        {
            driver.ReleaseContext(ordinal);
            throw;
        }
    }

    private CudaDevice(CudaDeviceInfo info) => (Driver, Info, _counts) = (null!, info, true);

    public ICudaDriver Driver { get; }

    public CudaDeviceInfo Info { get; }

    public nint Stream { get; }

    /// <summary>Device memory that was allocated.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>A device that allocates nothing and counts what it would: for those who only allocate.</summary>
    public static CudaDevice ThatCounts(CudaDeviceInfo info) => new(info);

    /// <summary>What an allocation takes: the driver gives large ones whole pages of 2 MiB.</summary>
    public static long Round(long bytes)
    {
        var unit = bytes < 1 << 20 ? 512 : 2 << 20;
        return checked(bytes + unit - 1) / unit * unit;
    }

    /// <summary>Makes this device the calling thread's.</summary>
    public void Use() => Driver.SetContext(_context);

    /// <summary>The same where an error must not end what follows: a device that failed refuses it.</summary>
    public void TryUse()
    {
        try
        {
            Use();
        }
        catch (CudaException)
        {
            // What is given back then goes with the context.
        }
    }

    /// <summary>Device memory, not cleared; 256-byte aligned.</summary>
    public ulong Allocate(long bytes)
    {
        bytes = Math.Max(bytes, 16);
        AllocatedBytes = checked(AllocatedBytes + Round(bytes));
        if (_counts) return 0;
        var address = Driver.Allocate(bytes);
        _buffers.Add(address);
        return address;
    }

    public ulong AllocateFloats(long count) => Allocate(checked(count * sizeof(float)));

    /// <summary>Device memory of zeros.</summary>
    public ulong AllocateZeroed(int bytes)
    {
        var address = Allocate(bytes);
        if (_counts) return address;
        fixed (byte* zeros = new byte[bytes]) Driver.CopyToDevice(address, zeros, bytes, Stream);
        Synchronize();
        return address;
    }

    /// <summary>Pinned host memory.</summary>
    public void* AllocateHost(long bytes)
    {
        if (_counts) return null;
        var memory = Driver.AllocateHost(Math.Max(bytes, 16));
        _hostBuffers.Add((nint)memory);
        return memory;
    }

    public void Synchronize() => Driver.Synchronize(Stream);

    public void Dispose()
    {
        TryUse();
        foreach (var buffer in _buffers) Driver.Free(buffer);
        foreach (var buffer in _hostBuffers) Driver.FreeHost((void*)buffer);
        _buffers.Clear();
        _hostBuffers.Clear();
        Driver.DestroyStream(Stream);
        Driver.ReleaseContext(Info.Ordinal);
    }
}
