using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// Floats to signed bytes, blocks of 32: scale = largest magnitude / 127, byte = x / scale rounded to the nearest even.
/// Bytes stay within ±127, which the dot kernels rely on. The error of a value is at most half its block's scale.
/// </summary>
internal static unsafe class ActivationQuantizer
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(float* x, int length, sbyte* values, float* scales, float* sums, float* halfSums)
    {
        for (var block = 0; block < length / 32; block++, x += 32, values += 32)
        {
            Vector256<float> a = Vector256.Load(x), b = Vector256.Load(x + 8), c = Vector256.Load(x + 16), d = Vector256.Load(x + 24);
            var largest = Vector256.MaxNative(
                Vector256.MaxNative(Vector256.Abs(a), Vector256.Abs(b)), Vector256.MaxNative(Vector256.Abs(c), Vector256.Abs(d)));
            var magnitude = FloatLanes256.MaxAcross(largest);
            var scale = magnitude / 127;
            // A block too small to have an inverse counts as zero; the scale stays exact for all others.
            var inverse = Vector256.Create(scale > 1e-37f ? 127 / magnitude : 0);
            var qa = Vector256.ConvertToInt32Native(Vector256.Round(a * inverse));
            var qb = Vector256.ConvertToInt32Native(Vector256.Round(b * inverse));
            var qc = Vector256.ConvertToInt32Native(Vector256.Round(c * inverse));
            var qd = Vector256.ConvertToInt32Native(Vector256.Round(d * inverse));
            Vector256.Narrow(Vector256.Narrow(qa, qb), Vector256.Narrow(qc, qd)).Store(values);
            var first = Vector256.Sum(qa + qb) * scale;
            var second = Vector256.Sum(qc + qd) * scale;
            scales[block] = scale;
            halfSums[2 * block] = first;
            halfSums[2 * block + 1] = second;
            sums[block] = first + second;
        }
    }

    /// <summary>remainder = x - values · scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Subtract(float* x, sbyte* values, float* scales, int length, float* remainder)
    {
        for (var i = 0; i < length; i += 8)
        {
            var scale = Vector256.Create(scales[i / 32]);
            (Vector256.Load(x + i) - FloatLanes256.LoadSByte(values + i) * scale).Store(remainder + i);
        }
    }
}
