using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// Products of 4 weight rows with 4 or 1 activation rows in floats: 16 running sums in registers, summed across at the
/// end. Each sum is formed in the same order for 4 tokens as for 1, so batching never changes a result. The length is a
/// multiple of 16. Tolerance against a plain dot product: 1e-6 of the sum of absolute products.
/// </summary>
internal static unsafe class FloatTileKernel<TLanes, V> where TLanes : struct, IFloatLanes<V> where V : unmanaged
{
    /// <summary>y[t · yStride + r] (+)= dot(w + r · wStride, x_t), for 4 rows r and 4 tokens t.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run4(float* w, nint wStride, float* x0, float* x1, float* x2, float* x3, int length, float* y, nint yStride, bool accumulate)
    {
        V a00, a01, a02, a03, a10, a11, a12, a13, a20, a21, a22, a23, a30, a31, a32, a33;
        a00 = a01 = a02 = a03 = a10 = a11 = a12 = a13 = a20 = a21 = a22 = a23 = a30 = a31 = a32 = a33 = TLanes.Create(0);
        float* w1 = w + wStride, w2 = w1 + wStride, w3 = w2 + wStride;
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            V r0 = TLanes.Load(w + i), r1 = TLanes.Load(w1 + i), r2 = TLanes.Load(w2 + i), r3 = TLanes.Load(w3 + i);
            var t = TLanes.Load(x0 + i);
            a00 = TLanes.MultiplyAdd(r0, t, a00);
            a01 = TLanes.MultiplyAdd(r1, t, a01);
            a02 = TLanes.MultiplyAdd(r2, t, a02);
            a03 = TLanes.MultiplyAdd(r3, t, a03);
            t = TLanes.Load(x1 + i);
            a10 = TLanes.MultiplyAdd(r0, t, a10);
            a11 = TLanes.MultiplyAdd(r1, t, a11);
            a12 = TLanes.MultiplyAdd(r2, t, a12);
            a13 = TLanes.MultiplyAdd(r3, t, a13);
            t = TLanes.Load(x2 + i);
            a20 = TLanes.MultiplyAdd(r0, t, a20);
            a21 = TLanes.MultiplyAdd(r1, t, a21);
            a22 = TLanes.MultiplyAdd(r2, t, a22);
            a23 = TLanes.MultiplyAdd(r3, t, a23);
            t = TLanes.Load(x3 + i);
            a30 = TLanes.MultiplyAdd(r0, t, a30);
            a31 = TLanes.MultiplyAdd(r1, t, a31);
            a32 = TLanes.MultiplyAdd(r2, t, a32);
            a33 = TLanes.MultiplyAdd(r3, t, a33);
        }
        Store(y, a00, a01, a02, a03, accumulate);
        Store(y + yStride, a10, a11, a12, a13, accumulate);
        Store(y + 2 * yStride, a20, a21, a22, a23, accumulate);
        Store(y + 3 * yStride, a30, a31, a32, a33, accumulate);
    }

    /// <summary>y[r] (+)= dot(w + r · wStride, x), for 4 rows r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run1(float* w, nint wStride, float* x, int length, float* y, bool accumulate)
    {
        V a0, a1, a2, a3;
        a0 = a1 = a2 = a3 = TLanes.Create(0);
        float* w1 = w + wStride, w2 = w1 + wStride, w3 = w2 + wStride;
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            var t = TLanes.Load(x + i);
            a0 = TLanes.MultiplyAdd(TLanes.Load(w + i), t, a0);
            a1 = TLanes.MultiplyAdd(TLanes.Load(w1 + i), t, a1);
            a2 = TLanes.MultiplyAdd(TLanes.Load(w2 + i), t, a2);
            a3 = TLanes.MultiplyAdd(TLanes.Load(w3 + i), t, a3);
        }
        Store(y, a0, a1, a2, a3, accumulate);
    }

    private static void Store(float* y, V a0, V a1, V a2, V a3, bool accumulate)
    {
        float s0 = TLanes.Sum(a0), s1 = TLanes.Sum(a1), s2 = TLanes.Sum(a2), s3 = TLanes.Sum(a3);
        y[0] = accumulate ? y[0] + s0 : s0;
        y[1] = accumulate ? y[1] + s1 : s1;
        y[2] = accumulate ? y[2] + s2 : s2;
        y[3] = accumulate ? y[3] + s3 : s3;
    }
}
