using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Models;

/// <summary>The bytes of a model file at a fixed address: mapped from disk, or pinned.</summary>
internal sealed unsafe partial class ModelMemory : IDisposable
{
    private const int AdviseNotNeeded = 4; // MADV_DONTNEED: harmless for a file, whose pages come back from it

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private GCHandle _pin;

    private ModelMemory(MemoryMappedFile file, long length)
    {
        _file = file;
        _view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* data = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        Data = data;
        Length = length;
    }

    private ModelMemory(byte[] bytes)
    {
        _pin = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        Data = (byte*)_pin.AddrOfPinnedObject();
        Length = bytes.Length;
    }

    /// <summary>First byte.</summary>
    public byte* Data { get; private set; }

    /// <summary>Number of bytes.</summary>
    public long Length { get; }

    /// <summary>Maps a file for reading.</summary>
    /// <exception cref="EngineException">It does not exist or cannot be read.</exception>
    /// <exception cref="ModelFormatException">It is empty.</exception>
    public static ModelMemory Map(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var length = stream.Length;
            if (length == 0) throw new ModelFormatException($"{Path.GetFileName(path)}: the file is empty.");
            return new(MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, true), length);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EngineException($"The model file {path} does not exist.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"The model file {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Pins an array.</summary>
    public static ModelMemory Pin(byte[] bytes) => new(bytes);

    /// <summary>Gives back the resident pages of a part of a mapped file; reading it again brings them back.</summary>
    public void Release(byte* data, long length)
    {
        if (_view is null || !OperatingSystem.IsLinux() || data < Data || data + length > Data + Length) return;
        long page = Environment.SystemPageSize, start = ((nint)data + page - 1) / page * page, end = (nint)(data + length) / page * page;
        if (start < end) _ = Advise((void*)start, (nuint)(end - start), AdviseNotNeeded);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);

    public void Dispose()
    {
        if (Data == null) return;
        Data = null;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _file?.Dispose();
        if (_pin.IsAllocated) _pin.Free();
    }
}
