using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>
/// Rotary position embedding. Sines and cosines of a batch's positions are computed once and serve all layers and heads.
/// </summary>
internal sealed unsafe class RopeTable : IDisposable
{
    private readonly double[] _frequencies;
    private readonly float _magnitude;
    private readonly bool _halfSplit;
    private readonly NativeBuffer _cosines;
    private readonly NativeBuffer _sines;

    /// <param name="config">The model.</param>
    /// <param name="factors">Divisors of the frequencies, one a pair, or null.</param>
    /// <param name="rows">Most tokens in a batch.</param>
    public RopeTable(ModelConfig config, float* factors, int rows)
    {
        _halfSplit = config.RopeHalfSplit;
        _frequencies = RopeFrequencies.Compute(config, factors is null ? [] : new(factors, config.RopeDimensions / 2));
        _magnitude = RopeFrequencies.Magnitude(config);
        _cosines = NativeBuffer.OfFloats((long)rows * _frequencies.Length);
        _sines = NativeBuffer.OfFloats((long)rows * _frequencies.Length);
    }

    private int Pairs => _frequencies.Length;

    /// <summary>Computes the table's row for a token at <paramref name="position"/>.</summary>
    public void Fill(int row, int position)
    {
        float* cosines = _cosines.Floats + (nint)row * Pairs, sines = _sines.Floats + (nint)row * Pairs;
        for (var i = 0; i < Pairs; i++)
        {
            var (sine, cosine) = Math.SinCos(position * _frequencies[i]);
            cosines[i] = (float)cosine * _magnitude;
            sines[i] = (float)sine * _magnitude;
        }
    }

    /// <summary>Rotates one head of the token of table row <paramref name="row"/>, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rotate(int row, float* head)
    {
        float* cosines = _cosines.Floats + (nint)row * Pairs, sines = _sines.Floats + (nint)row * Pairs;
        int step = _halfSplit ? 1 : 2, partner = _halfSplit ? Pairs : 1;
        for (var i = 0; i < Pairs; i++)
        {
            float* a = head + i * step, b = a + partner;
            float x = *a, y = *b;
            *a = x * cosines[i] - y * sines[i];
            *b = x * sines[i] + y * cosines[i];
        }
    }

    public void Dispose()
    {
        _cosines.Dispose();
        _sines.Dispose();
    }
}
