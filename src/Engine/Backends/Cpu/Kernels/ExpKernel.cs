using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// e^x: x = n·ln 2 + r with |r| ≤ ln 2 / 2, and a polynomial of degree 6 for e^r (Taylor's, whose error there is below
/// 2e-8). Relative error ≤ 3e-7 for x in -87 … 88; below that the result is 0 or at most 2e-38.
/// </summary>
internal static class ExpKernel<TLanes, V> where TLanes : struct, IFloatLanes<V> where V : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp(V x)
    {
        x = TLanes.Max(TLanes.Min(x, TLanes.Create(88f)), TLanes.Create(-87.3f));
        var n = TLanes.Round(TLanes.Multiply(x, TLanes.Create(1.44269504f)));
        // ln 2 in two parts, so that n·ln 2 is subtracted without rounding.
        var r = TLanes.MultiplyAdd(n, TLanes.Create(-0.693359375f), x);
        r = TLanes.MultiplyAdd(n, TLanes.Create(2.12194440e-4f), r);
        var p = TLanes.Create(1f / 720);
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(1f / 120));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(1f / 24));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(1f / 6));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(0.5f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Create(1f));
        return TLanes.ScaleByPowerOfTwo(p, n);
    }
}
