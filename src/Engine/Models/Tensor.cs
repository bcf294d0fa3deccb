namespace AgentRuntime.Engine.Models;

/// <summary>
/// A named tensor inside a mapped model file. It is a view: valid until the <see cref="ModelFile"/> that it came from
/// is disposed. Bounds were checked when the file was opened.
/// </summary>
public sealed unsafe class Tensor
{
    /// <summary>Creates a view over <paramref name="byteLength"/> bytes at <paramref name="data"/>.</summary>
    public Tensor(string name, StorageType type, IReadOnlyList<long> shape, byte* data, long byteLength)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Data = data;
        ByteLength = byteLength;
        RowLength = checked((int)shape[0]);
        Rows = 1;
        for (var i = 1; i < shape.Count; i++) Rows = checked(Rows * shape[i]);
    }

    /// <summary>The name in GGUF's convention, for instance <c>blk.0.attn_q.weight</c>.</summary>
    public string Name { get; }

    /// <summary>How the values are stored.</summary>
    public StorageType Type { get; }

    /// <summary>Dimensions, the fastest-running first: a matrix that maps n inputs to m outputs is [n, m].</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Values per row, the first dimension.</summary>
    public int RowLength { get; }

    /// <summary>Number of rows, the product of all other dimensions.</summary>
    public long Rows { get; }

    /// <summary>Number of values.</summary>
    public long Elements => RowLength * Rows;

    /// <summary>First byte of the data.</summary>
    public byte* Data { get; }

    /// <summary>Size of the data in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Size of one row in bytes.</summary>
    public long RowBytes => ByteLength / Rows;

    /// <summary>The stored bytes of row <paramref name="row"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The row is not in 0 … <see cref="Rows"/> - 1.</exception>
    public ReadOnlySpan<byte> Row(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return new(Data + row * RowBytes, checked((int)RowBytes));
    }
}
