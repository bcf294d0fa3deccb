using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// Memory that will be read soon, brought near in even steps while a kernel computes, so that memory works all the time: a
/// burst would fill the queue of cache misses, and the kernel's own reads would wait behind it.
/// </summary>
internal unsafe struct Ahead(byte* start, nint bytes)
{
    private byte* _next = start;
    private nint _step;

    public static Ahead Nothing => default;

    /// <summary>The first half, and what is left.</summary>
    public readonly (Ahead First, Ahead Second) Halves => (new(_next, bytes / 2), new(_next + bytes / 2, bytes - bytes / 2));

    /// <summary>Spreads it over so many calls of <see cref="Step"/>; each covers at most two cache lines.</summary>
    /// <param name="steps">Number of steps.</param>
    /// <param name="cached">What is touched where there is nothing to bring: a line in the cache costs nothing and saves a branch.</param>
    public void Spread(nint steps, void* cached)
    {
        _step = _next is null ? 0 : Math.Min(128, (bytes + steps - 1) / steps);
        if (_next is null) _next = (byte*)cached;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step()
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch1(_next);
        Sse.Prefetch1(_next + _step / 2);
        _next += _step;
    }
}
