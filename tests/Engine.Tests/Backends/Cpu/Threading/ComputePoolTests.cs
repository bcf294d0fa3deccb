using AgentRuntime.Engine.Backends.Cpu.Threading;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Threading;

public sealed class ComputePoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void EveryThreadRunsOnce(int threads)
    {
        using var pool = new ComputePool(threads);
        for (var round = 0; round < 20; round++)
        {
            var runs = new int[threads];
            pool.Run(thread => Interlocked.Increment(ref runs[thread]));
            Assert.All(runs, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void BarrierSeparatesPhases()
    {
        using var pool = new ComputePool(3);
        var values = new int[3];
        var sums = new int[3];
        pool.Run(thread =>
        {
            for (var phase = 1; phase <= 50; phase++)
            {
                values[thread] = phase;
                pool.Barrier();
                sums[thread] += values.Sum();
                pool.Barrier();
            }
        });
        Assert.All(sums, sum => Assert.Equal(3 * 50 * 51 / 2, sum));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void AnExceptionEndsTheRunAndReachesTheCaller(int failing)
    {
        using var pool = new ComputePool(3);
        var error = Assert.Throws<InvalidOperationException>(() => pool.Run(thread =>
        {
            if (thread == failing) throw new InvalidOperationException("broken");
            pool.Barrier();
        }));
        Assert.Equal("broken", error.Message);
        var runs = 0;
        pool.Run(_ =>
        {
            pool.Barrier();
            Interlocked.Increment(ref runs);
        });
        Assert.Equal(3, runs);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 3)]
    [InlineData(10, 3)]
    [InlineData(1_000_000, 7)]
    public void SharesCoverAllItemsInOrder(int count, int threads)
    {
        var next = 0;
        for (var thread = 0; thread < threads; thread++)
        {
            var (start, end) = WorkShare.Of(count, thread, threads);
            Assert.Equal(next, start);
            Assert.InRange(end - start, count / threads, count / threads + 1);
            next = end;
        }
        Assert.Equal(count, next);
    }
}
