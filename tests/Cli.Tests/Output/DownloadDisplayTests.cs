using AgentRuntime.Cli.Models;
using AgentRuntime.Cli.Output;
using Microsoft.Extensions.Time.Testing;

namespace AgentRuntime.Cli.Tests.Output;

public sealed class DownloadDisplayTests
{
    [Fact]
    public void Speed_and_time_left_follow_the_last_seconds()
    {
        var time = new FakeTimeProvider();
        var meter = new TransferMeter(time);
        Assert.Equal(0, meter.Speed);
        Assert.Null(meter.TimeLeft(100));
        // A resumed download begins with bytes that were not transferred.
        for (var second = 0; second <= 60; second++, time.Advance(TimeSpan.FromSeconds(1))) meter.Add(1_000_000_000 + (second < 30 ? 0 : (second - 30) * 2_000_000L));
        Assert.Equal(2_000_000, meter.Speed, 1.0);
        Assert.Equal(TimeSpan.FromSeconds(70), meter.TimeLeft(1_200_000_000));
        Assert.Equal("1.06 GB of 1.20 GB, 2.00 MB/s, 1 min 10 s left", DownloadDisplay.Describe(DownloadPhase.Downloading, 1_060_000_000, 1_200_000_000, meter));
        Assert.Equal("1.06 GB of 1.20 GB checked", DownloadDisplay.Describe(DownloadPhase.Checking, 1_060_000_000, 1_200_000_000, meter));
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(999, "999 bytes")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(35_140_000, "35.1 MB")]
    [InlineData(468_000_000, "468 MB")]
    [InlineData(999_600_000, "1.00 GB")]
    [InlineData(4_683_074_048, "4.68 GB")]
    public void Sizes_have_three_digits(double bytes, string text) => Assert.Equal(text, Sizes.Text(bytes));
}
