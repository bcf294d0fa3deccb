using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>
/// Copies weights to the device through two pinned buffers in turn: while one is on its way, the file is read into the
/// other. Reports progress.
/// </summary>
internal sealed unsafe class Upload : IDisposable
{
    private const long ChunkBytes = 16 << 20;

    private readonly CudaDevice _device;
    private readonly IProgress<double>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly double _totalBytes;
    private readonly byte*[] _chunks = new byte*[2];
    private readonly nint[] _sent = new nint[2];
    private readonly bool[] _busy = new bool[2];
    private int _next;
    private double _sentBytes;

    public Upload(CudaDevice device, ModelFile file, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        _device = device;
        _progress = progress;
        _cancellationToken = cancellationToken;
        _totalBytes = Math.Max(1, file.Tensors.Values.Sum(tensor => (double)tensor.ByteLength));
        for (var i = 0; i < 2; i++)
        {
            _chunks[i] = (byte*)device.Driver.AllocateHost(ChunkBytes);
            _sent[i] = device.Driver.CreateEvent();
        }
    }

    /// <summary>Copies bytes to new device memory.</summary>
    /// <returns>Its address.</returns>
    public ulong Send(byte* source, long bytes)
    {
        var address = _device.Allocate(bytes);
        for (long start = 0; start < bytes; start += ChunkBytes)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            var length = Math.Min(ChunkBytes, bytes - start);
            if (_busy[_next]) _device.Driver.Elapsed(_sent[_next], _sent[_next]);
            Buffer.MemoryCopy(source + start, _chunks[_next], ChunkBytes, length);
            _device.Driver.CopyToDevice(address + (ulong)start, _chunks[_next], length, _device.Stream);
            _device.Driver.RecordEvent(_sent[_next], _device.Stream);
            _busy[_next] = true;
            _next = 1 - _next;
            _sentBytes += length;
            _progress?.Report(Math.Min(1, _sentBytes / _totalBytes));
        }
        return address;
    }

    public void Dispose()
    {
        for (var i = 0; i < 2; i++)
        {
            if (_busy[i]) _device.Driver.Elapsed(_sent[i], _sent[i]);
            _device.Driver.DestroyEvent(_sent[i]);
            _device.Driver.FreeHost(_chunks[i]);
        }
    }
}
