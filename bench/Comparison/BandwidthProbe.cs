using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Comparison;

/// <summary>How fast a loop that does nothing but read gets through memory: what decoding, which reads every weight once a token, could reach.</summary>
internal static partial class BandwidthProbe
{
    private const long Bytes = 1L << 29;
    private const long HugePage = 2 << 20;
    private const int Passes = 8;
    private const int Stride = 512;
    private const int AdviseHugePage = 14; // MADV_HUGEPAGE

    /// <summary>
    /// Bytes per second that the threads read together, each its part of a block larger than the caches, on huge pages where
    /// Linux offers them. The median of a few passes, as of every other speed here, with the processor's own prefetching alone
    /// or with prefetches at the best of several distances, since which is fastest depends on the machine.
    /// </summary>
    public static unsafe double Measure(int threads)
    {
        var block = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, (nuint)HugePage);
        try
        {
            if (OperatingSystem.IsLinux()) _ = Advise(block, (nuint)Bytes, AdviseHugePage); // On failure the pages stay small.
            new Span<byte>(block, (int)Bytes).Fill(1); // Untouched pages would all be the one zero page.
            var (address, part, sums, times) = ((nint)block, Bytes / threads / Stride * Stride, new ulong[threads], new double[threads]);
            List<double> passes = [];
            using var barrier = new Barrier(threads, _ => { if (times[0] > 0) passes.Add(times.Max()); });
            void Work(int thread)
            {
                foreach (var ahead in new[] { 0, 4 << 10, 16 << 10, 32 << 10 })
                {
                    for (var pass = 0; pass < Passes; pass++)
                    {
                        barrier.SignalAndWait();
                        var start = Stopwatch.GetTimestamp();
                        sums[thread] += Sum((byte*)address + thread * part, part, ahead);
                        times[thread] = Stopwatch.GetElapsedTime(start).TotalSeconds;
                    }
                }
                barrier.SignalAndWait();
            }
            var workers = Enumerable.Range(0, threads).Select(i => new Thread(() => Work(i))).ToList();
            workers.ForEach(worker => worker.Start());
            workers.ForEach(worker => worker.Join());
            GC.KeepAlive(sums);
            return part * threads / passes.Chunk(Passes).Min(distance => Spread.Of(distance).Median);
        }
        finally
        {
            NativeMemory.AlignedFree(block);
        }
    }

    /// <summary>Eight sums, so that none waits for the last; <paramref name="ahead"/> is how far to prefetch, 0 for not at all.</summary>
    private static unsafe ulong Sum(byte* from, long count, int ahead)
    {
        var (a, b, c, d) = (Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero);
        var (e, f, g, h) = (a, b, c, d);
        for (var end = from + count; from < end; from += Stride)
        {
            if (ahead > 0 && Sse.IsSupported)
            {
                for (var line = 0; line < Stride; line += 64) Sse.Prefetch1(from + ahead + line); // Past the end, a prefetch does no harm.
            }
            a += Vector512.LoadAligned((ulong*)from);
            b += Vector512.LoadAligned((ulong*)(from + 64));
            c += Vector512.LoadAligned((ulong*)(from + 128));
            d += Vector512.LoadAligned((ulong*)(from + 192));
            e += Vector512.LoadAligned((ulong*)(from + 256));
            f += Vector512.LoadAligned((ulong*)(from + 320));
            g += Vector512.LoadAligned((ulong*)(from + 384));
            h += Vector512.LoadAligned((ulong*)(from + 448));
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static unsafe partial int Advise(void* address, nuint length, int advice);
}
