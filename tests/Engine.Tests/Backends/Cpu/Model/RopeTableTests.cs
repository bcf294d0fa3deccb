using AgentRuntime.Engine.Backends.Cpu.Model;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Model;

public sealed unsafe class RopeTableTests
{
    private const int Length = 8;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void PairsTurnByPositionTimesFrequency(bool halfSplit)
    {
        var head = Rotate(Config(halfSplit), position: 5);
        for (var pair = 0; pair < Length / 2; pair++)
        {
            var (a, b) = halfSplit ? (pair, pair + Length / 2) : (2 * pair, 2 * pair + 1);
            var angle = 5 * Math.Pow(100, -2.0 * pair / Length);
            Assert.Equal((a + 1) * Math.Cos(angle) - (b + 1) * Math.Sin(angle), head[a], 1e-5);
            Assert.Equal((a + 1) * Math.Sin(angle) + (b + 1) * Math.Cos(angle), head[b], 1e-5);
        }
    }

    [Fact]
    public void DimensionsBeyondTheRotatedStay()
    {
        var head = Rotate(Config(true) with { RopeDimensions = 4 }, position: 9);
        Assert.Equal([5, 6, 7, 8], head[4..]);
        Assert.NotEqual(1, head[0]);
    }

    [Fact]
    public void LinearScalingDividesPositions() =>
        Assert.Equal(
            Rotate(Config(true), position: 3),
            Rotate(Config(true) with { RopeScaling = new(RopeScalingKind.Linear, Factor: 4) }, position: 12), (a, b) => Math.Abs(a - b) < 1e-5);

    [Fact]
    public void FactorsDivideFrequencies()
    {
        float[] factors = [1, 2, 4, 8];
        var head = Rotate(Config(true), position: 7, factors);
        var angle = 7 * Math.Pow(100, -2.0 * 3 / Length) / 8;
        Assert.Equal(4 * Math.Cos(angle) - 8 * Math.Sin(angle), head[3], 1e-5);
    }

    [Fact]
    public void YarnKeepsFastPairsStretchesSlowOnesAndScales()
    {
        // 32 rotations within 4096 tokens lie at dimension 2.6 of 8 with this base, one rotation at 5.6.
        var config = Config(true) with { RopeBase = 10000, RopeScaling = new(RopeScalingKind.Yarn, Factor: 4, OriginalContext: 4096, BetaFast: 32, BetaSlow: 1) };
        var head = Rotate(config, position: 1);
        var magnitude = 1 + 0.1 * Math.Log(4);
        Assert.Equal(magnitude * (1 * Math.Cos(1) - 5 * Math.Sin(1)), head[0], 1e-5);
        double slow = Math.Pow(10000, -6.0 / 8), low = 1, high = 3;
        double Dimension(double rotations) => 8 * Math.Log(4096 / (rotations * 2 * Math.PI)) / (2 * Math.Log(10000));
        (low, high) = (Math.Floor(Dimension(32)), Math.Ceiling(Dimension(1)));
        var keep = 1 - Math.Clamp((3 - low) / (high - low), 0, 1);
        var angle = slow * keep + slow / 4 * (1 - keep);
        Assert.Equal(magnitude * (4 * Math.Cos(angle) - 8 * Math.Sin(angle)), head[3], 1e-5);
    }

    private static float[] Rotate(ModelConfig config, int position, float[]? factors = null)
    {
        var head = Enumerable.Range(1, Length).Select(i => (float)i).ToArray();
        fixed (float* pf = factors, ph = head)
        {
            using var table = new RopeTable(config, pf, 2);
            table.Fill(1, position);
            table.Rotate(1, ph);
        }
        return head;
    }

    private static ModelConfig Config(bool halfSplit) => new()
    {
        Architecture = "llama",
        Name = "test",
        Layers = 1,
        EmbeddingLength = 8,
        FeedForwardLength = 8,
        Heads = 1,
        KvHeads = 1,
        HeadLength = Length,
        ValueHeadLength = Length,
        VocabularySize = 8,
        ContextLength = 64,
        RmsEpsilon = 1e-5f,
        RopeBase = 100,
        RopeDimensions = Length,
        RopeHalfSplit = halfSplit,
    };
}
