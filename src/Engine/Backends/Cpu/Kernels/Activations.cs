using System.Runtime.InteropServices;
using AgentRuntime.Engine.Backends.Cpu.Memory;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// Input rows of matrix products: the floats, and (where a quantised matrix reads them) signed bytes with a scale per 32
/// values. The scaled sums of the bytes serve weights with a minimum: Σ (s·q - m)·x = s·Σ q·x - m·Σ x.
/// In precise form what the bytes leave out is quantised again, and products add both: twice the arithmetic for inputs
/// of nearly 16 bits. A mixture of experts needs it, since a rounding error can make its router pick another expert.
/// </summary>
internal sealed unsafe class Activations : IDisposable
{
    private readonly NativeBuffer _floats;
    private readonly NativeBuffer _values;
    private readonly NativeBuffer _scales;
    private readonly NativeBuffer _sums;
    private readonly NativeBuffer _halfSums;

    /// <summary>Makes room for <paramref name="rows"/> rows of up to <paramref name="maxColumns"/> values.</summary>
    public Activations(int rows, int maxColumns, bool precise = false)
    {
        Stride = (maxColumns + 31) / 32 * 32;
        var size = (long)rows * Stride;
        _floats = NativeBuffer.OfFloats(size);
        _values = new NativeBuffer(size);
        _scales = NativeBuffer.OfFloats(size / 32);
        _sums = NativeBuffer.OfFloats(size / 32);
        _halfSums = NativeBuffer.OfFloats(size / 16);
        Remainder = precise ? new Activations(rows, maxColumns) : null;
        // A row is read up to the next multiple of 16 values; what lies behind its end must be zero.
        NativeMemory.Clear(_floats.Bytes, (nuint)_floats.Length);
    }

    /// <summary>What the quantised rows leave out, quantised; null in plain form.</summary>
    public Activations? Remainder { get; }

    /// <summary>Values from one row to the next, a multiple of 32.</summary>
    public int Stride { get; }

    public float* Row(int row) => _floats.Floats + (nint)row * Stride;
    public sbyte* Values(int row) => (sbyte*)_values.Bytes + (nint)row * Stride;
    public float* Scales(int row) => _scales.Floats + (nint)row * (Stride / 32);
    public float* Sums(int row) => _sums.Floats + (nint)row * (Stride / 32);
    public float* HalfSums(int row) => _halfSums.Floats + (nint)row * (Stride / 16);

    /// <summary>Quantises a row's floats; <paramref name="columns"/> is a multiple of 32.</summary>
    public void Quantize(int row, int columns)
    {
        ActivationQuantizer.Quantize(Row(row), columns, Values(row), Scales(row), Sums(row), HalfSums(row));
        if (Remainder is null) return;
        ActivationQuantizer.Subtract(Row(row), Values(row), Scales(row), columns, Remainder.Row(row));
        Remainder.Quantize(row, columns);
    }

    public void Dispose()
    {
        Remainder?.Dispose();
        _floats.Dispose();
        _values.Dispose();
        _scales.Dispose();
        _sums.Dispose();
        _halfSums.Dispose();
    }
}
