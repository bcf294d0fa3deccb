using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Backends.Cpu.Threading;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Matrices;

/// <summary>Random stored weights and inputs of a product, and the product by plain sums in doubles.</summary>
internal sealed unsafe class MatrixCase : IDisposable
{
    private readonly int _rows;
    private readonly int _columns;
    private readonly int _tokens;
    private readonly NativeBuffer _stored;
    private readonly NativeBuffer _rowIndexes;
    private readonly float[] _weights;

    public MatrixCase(StorageType type, int rows, int columns, int tokens, int seed)
    {
        (_rows, _columns, _tokens) = (rows, columns, tokens);
        RowBytes = StorageLayout.Of(type).Bytes(columns);
        _stored = new NativeBuffer(RowBytes * rows);
        var bytes = new Span<byte>(_stored.Bytes, (int)(RowBytes * rows));
        var random = new SplitMix64((ulong)seed);
        Fill(type, bytes, ref random);
        _weights = new float[rows * columns];
        Dequantizer.ToFloat(type, bytes, _weights);
        X = new Activations(tokens, columns);
        _rowIndexes = new NativeBuffer(4 * tokens);
        for (var t = 0; t < tokens; t++)
        {
            // Backwards, so that the indexes matter.
            RowIndexes[t] = tokens - 1 - t;
            for (var i = 0; i < columns; i++) X.Row(t)[i] = 3 * random.Symmetric();
            if (columns % 32 == 0) X.Quantize(t, columns);
        }
    }

    public byte* Stored => _stored.Bytes;
    public long RowBytes { get; }
    public Activations X { get; }
    public int* RowIndexes => (int*)_rowIndexes.Bytes;

    /// <summary>Multiplies with some threads, onto an output that holds 1 everywhere when accumulating.</summary>
    public float[] Multiply(WeightMatrix matrix, bool accumulate, int threads)
    {
        var y = new float[_tokens * _rows];
        Array.Fill(y, accumulate ? 1 : float.NaN);
        using var scratch = new ThreadScratch(_columns);
        using var pool = new ComputePool(1);
        fixed (float* output = y)
        {
            var job = new MatrixJob(X, RowIndexes, _tokens, output, _rows, accumulate);
            for (var thread = 0; thread < threads; thread++) matrix.Multiply(job, thread, threads, scratch);
        }
        return y;
    }

    /// <summary>Compares with the plain sums, within a tolerance relative to the sum of absolute products.</summary>
    public void AssertProduct(float[] y, bool quantized, bool accumulated, double tolerance)
    {
        for (var t = 0; t < _tokens; t++)
        {
            for (var r = 0; r < _rows; r++)
            {
                double sum = accumulated ? 1 : 0, size = 1;
                for (var i = 0; i < _columns; i++)
                {
                    var row = RowIndexes[t];
                    var x = quantized ? X.Values(row)[i] * (double)X.Scales(row)[i / 32] : X.Row(row)[i];
                    sum += _weights[r * _columns + i] * x;
                    size += Math.Abs(_weights[r * _columns + i] * x);
                }
                Assert.True(Math.Abs(y[t * _rows + r] - sum) <= tolerance * size, $"token {t}, row {r} of {_rows}x{_columns}: {y[t * _rows + r]}, expected {sum}");
            }
        }
    }

    /// <summary>Random blocks; where the synthesizer has none, random bytes with a sane scale.</summary>
    private static void Fill(StorageType type, Span<byte> bytes, ref SplitMix64 random)
    {
        int[] halves = type switch
        {
            StorageType.Q4_1 or StorageType.Q5_1 => [0, 2],
            StorageType.IQ4_NL or StorageType.IQ4_XS => [0],
            StorageType.Q2_K => [80, 82],
            StorageType.Q3_K => [108],
            _ => [],
        };
        if (halves.Length == 0 && type != StorageType.MXFP4)
        {
            RandomBlocks.Fill(type, bytes, 0.1f, ref random);
            return;
        }
        random.Fill(bytes);
        var size = StorageLayout.Of(type).BlockBytes;
        for (var start = 0; start < bytes.Length; start += size)
        {
            foreach (var offset in halves) BitConverter.TryWriteBytes(bytes[(start + offset)..], (Half)(0.02f * random.Symmetric()));
            if (type == StorageType.MXFP4) bytes[start] = (byte)(120 + bytes[start] % 8);
        }
    }

    public void Dispose()
    {
        _stored.Dispose();
        _rowIndexes.Dispose();
        X.Dispose();
    }
}
