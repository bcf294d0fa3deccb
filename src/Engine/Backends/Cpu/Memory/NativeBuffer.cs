using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Backends.Cpu.Memory;

/// <summary>
/// Aligned memory outside the garbage collector's heap, not cleared. Large buffers ask for huge pages where Linux
/// offers them: fewer TLB misses when weights and KV blocks are streamed.
/// </summary>
internal sealed unsafe partial class NativeBuffer : IDisposable
{
    private const long HugePage = 2 << 20;
    private const int AdviseHugePage = 14; // MADV_HUGEPAGE

    private void* _pointer;

    public NativeBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Length = bytes;
        var large = bytes >= 2 * HugePage;
        _pointer = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 64), large ? (nuint)HugePage : 64);
        // Only advice: on failure the pages stay small.
        if (large && OperatingSystem.IsLinux()) _ = Advise(_pointer, (nuint)(bytes / HugePage * HugePage), AdviseHugePage);
    }

    /// <summary>Size in bytes.</summary>
    public long Length { get; }

    public byte* Bytes => (byte*)_pointer;

    public float* Floats => (float*)_pointer;

    /// <summary>A buffer for <paramref name="count"/> floats.</summary>
    public static NativeBuffer OfFloats(long count) => new(checked(count * sizeof(float)));

    public void Dispose()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        GC.SuppressFinalize(this);
    }

    ~NativeBuffer() => NativeMemory.AlignedFree(_pointer);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
