using System.Runtime.InteropServices;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>
/// Copies weights to the device through two pinned buffers in turn: while one is on its way, the file is read into the
/// other, in the kernels' order. Reports progress.
/// </summary>
internal sealed unsafe class Upload : IDisposable
{
    private const int ChunkBytes = 16 << 20;

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

    /// <summary>Copies floats to new device memory.</summary>
    /// <returns>Their address.</returns>
    public ulong Send(ReadOnlySpan<float> values)
    {
        var bytes = MemoryMarshal.AsBytes(values);
        var address = _device.Allocate(bytes.Length);
        for (var start = 0; start < bytes.Length; start += ChunkBytes)
        {
            var part = bytes.Slice(start, Math.Min(ChunkBytes, bytes.Length - start));
            part.CopyTo(new(NextChunk(), ChunkBytes));
            Queue(address + (ulong)start, part.Length, part.Length);
        }
        return address;
    }

    /// <summary>Copies a tensor to new device memory, its rows as <see cref="PackedRows"/> has them.</summary>
    /// <returns>The address of the first row.</returns>
    /// <exception cref="ModelFormatException">A row is longer than any model's.</exception>
    public ulong Send(Tensor tensor)
    {
        var rowBytes = PackedRows.RowBytes(tensor.Type, tensor.RowLength);
        if (rowBytes > ChunkBytes) throw new ModelFormatException($"The tensor {tensor.Name} has rows of {tensor.RowLength} values, which no kernel takes; use --device cpu.");
        var address = _device.Allocate(checked(rowBytes * tensor.Rows));
        var most = ChunkBytes / (int)rowBytes;
        for (long first = 0; first < tensor.Rows; first += most)
        {
            var rows = (int)Math.Min(most, tensor.Rows - first);
            var start = first;
            var chunk = NextChunk();
            Parallel.For(0, rows, i => PackedRows.Pack(tensor.Type, tensor.Row(start + i), tensor.RowLength, new(chunk + i * rowBytes, (int)rowBytes)));
            Queue(address + (ulong)(first * rowBytes), rows * rowBytes, rows * tensor.RowBytes);
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

    /// <summary>A pinned buffer that no copy reads any more.</summary>
    private byte* NextChunk()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        if (_busy[_next]) _device.Driver.Elapsed(_sent[_next], _sent[_next]);
        return _chunks[_next];
    }

    private void Queue(ulong address, long length, long read)
    {
        _device.Driver.CopyToDevice(address, _chunks[_next], length, _device.Stream);
        _device.Driver.RecordEvent(_sent[_next], _device.Stream);
        _busy[_next] = true;
        _next = 1 - _next;
        _sentBytes += read;
        _progress?.Report(Math.Min(1, _sentBytes / _totalBytes));
    }
}
