namespace AgentRuntime.Engine.Backends.Cpu.Threading;

/// <summary>Static splits of work among threads.</summary>
internal static class WorkShare
{
    /// <summary>The part [start, end) of <paramref name="count"/> items that falls to a thread; parts differ by at most one.</summary>
    public static (int Start, int End) Of(int count, int thread, int threads) =>
        ((int)((long)count * thread / threads), (int)((long)count * (thread + 1) / threads));
}
