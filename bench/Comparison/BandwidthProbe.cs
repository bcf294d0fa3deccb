using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AgentRuntime.Comparison;

/// <summary>How fast a plain loop reads memory: what decoding, which reads every weight once a token, could reach.</summary>
internal static class BandwidthProbe
{
    private const long Bytes = 1L << 29;
    private const int Passes = 5;

    /// <summary>Bytes per second that the threads read together, each its part of a block larger than the caches: the best of a few passes.</summary>
    public static unsafe double Measure(int threads)
    {
        var block = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, 4096);
        try
        {
            new Span<byte>(block, (int)Bytes).Fill(1); // Untouched pages would all be the one zero page.
            var (address, part, best, sums) = ((nint)block, Bytes / threads / 256 * 256, double.MaxValue, new ulong[threads]);
            for (var pass = 0; pass <= Passes; pass++)
            {
                var start = Stopwatch.GetTimestamp();
                var workers = Enumerable.Range(0, threads).Select(i => new Thread(() => sums[i] += Sum((byte*)address + i * part, part))).ToList();
                workers.ForEach(worker => worker.Start());
                workers.ForEach(worker => worker.Join());
                if (pass > 0) best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            GC.KeepAlive(sums);
            return part * threads / best;
        }
        finally
        {
            NativeMemory.AlignedFree(block);
        }
    }

    private static unsafe ulong Sum(byte* from, long count)
    {
        var (a, b, c, d) = (Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero);
        for (var end = from + count; from < end; from += 256)
        {
            a += Vector512.LoadAligned((ulong*)from);
            b += Vector512.LoadAligned((ulong*)(from + 64));
            c += Vector512.LoadAligned((ulong*)(from + 128));
            d += Vector512.LoadAligned((ulong*)(from + 192));
        }
        return Vector512.Sum(a + b + c + d);
    }
}
