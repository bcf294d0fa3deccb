using System.Runtime.Intrinsics.X86;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Threading;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices;

/// <summary>
/// Weights used where they lie in the file, with float arithmetic: F32 directly, F16 and BF16 widened, every other
/// storage type dequantised, 4 rows at a time for all tokens.
/// </summary>
internal sealed unsafe class FloatMatrix : WeightMatrix
{
    private const int TileRows = 4;
    private const int PrefetchRows = 2 * TileRows;

    private readonly StorageType _type;
    private readonly byte* _data;
    private readonly long _rowBytes;
    private readonly FloatKernels _kernels;

    public FloatMatrix(int rows, int columns, StorageType type, byte* data, long rowBytes, FloatKernels kernels) : base(rows, columns)
    {
        _type = type;
        _data = data;
        _rowBytes = rowBytes;
        _kernels = kernels;
    }

    public override bool ReadsQuantized => false;

    public override void Multiply(in MatrixJob job, int thread, int threads, ThreadScratch scratch)
    {
        var (start, end) = WorkShare.Of((Rows + TileRows - 1) / TileRows, thread, threads);
        for (var tile = start; tile < end; tile++)
        {
            var rows = Math.Min(TileRows, Rows - tile * TileRows);
            var w = Open(tile * TileRows, rows, scratch, out var stride);
            if (rows == TileRows) MultiplyTile(job, tile * TileRows, w, stride);
            else MultiplyLastTile(job, tile * TileRows, rows, w, stride, scratch);
        }
    }

    public override void Dispose() { }

    private int PaddedColumns => (Columns + 15) / 16 * 16;

    private void MultiplyTile(in MatrixJob job, int row, float* w, nint stride)
    {
        var y = job.Y + row;
        var t = 0;
        for (; t <= job.Tokens - 4; t += 4)
        {
            _kernels.Tile4(
                w, stride, job.X.Row(job.Rows[t]), job.X.Row(job.Rows[t + 1]), job.X.Row(job.Rows[t + 2]), job.X.Row(job.Rows[t + 3]),
                PaddedColumns, y + t * job.YStride, job.YStride, job.Accumulate);
        }
        for (; t < job.Tokens; t++) _kernels.Tile1(w, stride, job.X.Row(job.Rows[t]), PaddedColumns, y + t * job.YStride, job.Accumulate);
    }

    private void MultiplyLastTile(in MatrixJob job, int row, int rows, float* w, nint stride, ThreadScratch scratch)
    {
        for (var t = 0; t < job.Tokens; t++)
        {
            var y = job.Y + t * job.YStride + row;
            _kernels.Tile1(w, stride, job.X.Row(job.Rows[t]), PaddedColumns, scratch.Tile, accumulate: false);
            for (var r = 0; r < rows; r++) y[r] = job.Accumulate ? y[r] + scratch.Tile[r] : scratch.Tile[r];
        }
    }

    /// <summary>4 rows as floats, padded with zeros to a multiple of 16 columns: in place where the file has them so.</summary>
    private float* Open(int row, int rows, ThreadScratch scratch, out nint stride)
    {
        var source = _data + row * _rowBytes;
        stride = PaddedColumns;
        if (_type == StorageType.F32 && stride == Columns && rows == TileRows) return (float*)source;
        for (var r = 0; r < TileRows; r++)
        {
            var destination = scratch.Rows + r * stride;
            new Span<float>(destination + Columns, (int)stride - Columns).Clear();
            if (r >= rows)
            {
                new Span<float>(destination, Columns).Clear();
                continue;
            }
            Prefetch(source + (r + PrefetchRows) * _rowBytes);
            ToFloat(source + r * _rowBytes, destination);
        }
        return scratch.Rows;
    }

    /// <summary>Asks for a row that comes later; past the matrix's end, a prefetch does no harm.</summary>
    private void Prefetch(byte* row)
    {
        if (!Sse.IsSupported) return;
        for (var offset = 0L; offset < _rowBytes; offset += 64) Sse.Prefetch1(row + offset);
    }

    private void ToFloat(byte* source, float* destination)
    {
        switch (_type)
        {
            case StorageType.F16: _kernels.FromHalf((ushort*)source, destination, Columns); break;
            case StorageType.BF16: _kernels.FromBFloat((ushort*)source, destination, Columns); break;
            default: Dequantizer.ToFloat(_type, new(source, (int)_rowBytes), new(destination, Columns)); break;
        }
    }
}
