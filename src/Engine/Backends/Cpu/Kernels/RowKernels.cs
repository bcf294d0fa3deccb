using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// Kernels over one row of floats. Any length: what does not fill a vector is computed one value at a time by the same
/// formula. Tolerance against the plain formula: 1e-5 relative.
/// </summary>
internal static unsafe class RowKernels<TLanes, V> where TLanes : struct, IFloatLanes<V> where V : unmanaged
{
    /// <summary>y = x / sqrt(mean(x²) + epsilon) · weight (RMSNorm, arXiv 1910.07467). y may be x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm(float* x, float* weight, float* y, int length, float epsilon)
    {
        var width = TLanes.Width;
        V sum = TLanes.Create(0);
        var i = 0;
        for (; i <= length - width; i += width)
        {
            var value = TLanes.Load(x + i);
            sum = TLanes.MultiplyAdd(value, value, sum);
        }
        var total = TLanes.Sum(sum);
        for (; i < length; i++) total += x[i] * x[i];
        var scale = 1 / MathF.Sqrt(total / length + epsilon);
        var scales = TLanes.Create(scale);
        for (i = 0; i <= length - width; i += width)
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(TLanes.Load(x + i), scales), TLanes.Load(weight + i)), y + i);
        for (; i < length; i++) y[i] = x[i] * scale * weight[i];
    }

    /// <summary>gate = silu(gate) · up, where silu(z) = z / (1 + e^-z) (SwiGLU, arXiv 2002.05202).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGlu(float* gate, float* up, int length)
    {
        var i = 0;
        var zero = TLanes.Create(0);
        var one = TLanes.Create(1);
        for (; i <= length - TLanes.Width; i += TLanes.Width)
        {
            var z = TLanes.Load(gate + i);
            var exp = ExpKernel<TLanes, V>.Exp(TLanes.Subtract(zero, z));
            TLanes.Store(TLanes.Multiply(TLanes.Divide(z, TLanes.Add(one, exp)), TLanes.Load(up + i)), gate + i);
        }
        for (; i < length; i++) gate[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
    }

    /// <summary>y += scale · x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* x, float scale, float* y, int length)
    {
        var i = 0;
        var scales = TLanes.Create(scale);
        for (; i <= length - TLanes.Width; i += TLanes.Width)
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(x + i), scales, TLanes.Load(y + i)), y + i);
        for (; i < length; i++) y[i] = MathF.FusedMultiplyAdd(x[i], scale, y[i]);
    }

    /// <summary>y = y · keep + scale · x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* x, float scale, float* y, float keep, int length)
    {
        var i = 0;
        V scales = TLanes.Create(scale), keeps = TLanes.Create(keep);
        for (; i <= length - TLanes.Width; i += TLanes.Width)
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(x + i), scales, TLanes.Multiply(TLanes.Load(y + i), keeps)), y + i);
        for (; i < length; i++) y[i] = MathF.FusedMultiplyAdd(x[i], scale, y[i] * keep);
    }

    /// <summary>F16 to floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromHalf(ushort* source, float* destination, int length)
    {
        var i = 0;
        for (; i <= length - TLanes.Width; i += TLanes.Width) TLanes.Store(TLanes.LoadHalf(source + i), destination + i);
        for (; i < length; i++) destination[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
    }

    /// <summary>BF16 to floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromBFloat(ushort* source, float* destination, int length)
    {
        var i = 0;
        for (; i <= length - TLanes.Width; i += TLanes.Width) TLanes.Store(TLanes.LoadBFloat(source + i), destination + i);
        for (; i < length; i++) destination[i] = BitConverter.Int32BitsToSingle(source[i] << 16);
    }

    /// <summary>destination = values · scale, one F16 scale a value. The length is a multiple of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(sbyte* values, ushort* scales, float* destination, int length)
    {
        for (var i = 0; i < length; i += TLanes.Width)
            TLanes.Store(TLanes.Multiply(TLanes.LoadSByte(values + i), TLanes.LoadHalf(scales + i)), destination + i);
    }

    /// <summary>destination = values · scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(sbyte* values, float scale, float* destination, int length)
    {
        var i = 0;
        var scales = TLanes.Create(scale);
        for (; i <= length - TLanes.Width; i += TLanes.Width) TLanes.Store(TLanes.Multiply(TLanes.LoadSByte(values + i), scales), destination + i);
        for (; i < length; i++) destination[i] = values[i] * scale;
    }
}
