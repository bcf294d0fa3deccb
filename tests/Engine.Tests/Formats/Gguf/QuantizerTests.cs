using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Formats.Gguf;

public sealed class QuantizerTests
{
    /// <summary>A value moves by at most half a level plus what rounding the scales costs, relative to the block's largest.</summary>
    [Theory]
    [InlineData(StorageType.F32, 0)]
    [InlineData(StorageType.F16, 0.0005)]
    [InlineData(StorageType.BF16, 0.004)]
    [InlineData(StorageType.Q8_0, 0.0045)]
    [InlineData(StorageType.Q4_0, 0.126)]
    [InlineData(StorageType.Q5_0, 0.063)]
    [InlineData(StorageType.Q5_1, 0.034)]
    [InlineData(StorageType.Q6_K, 0.04)]
    [InlineData(StorageType.Q5_K, 0.05)]
    [InlineData(StorageType.Q4_K, 0.085)]
    public void A_round_trip_stays_within_the_types_resolution(StorageType type, double bound)
    {
        var random = new Random(5);
        var layout = StorageLayout.Of(type);
        var length = Math.Max(layout.BlockLength, 32);
        var (values, back) = (new float[length], new float[length]);
        var blocks = new byte[layout.Bytes(length)];
        for (var round = 0; round < 200; round++)
        {
            var size = MathF.Pow(10, random.Next(-2, 3));
            for (var i = 0; i < length; i++) values[i] = size * (random.NextSingle() * 2 - 1);
            Quantizer.FromFloat(type, values, blocks);
            Dequantizer.ToFloat(type, blocks, back);
            var largest = values.Max(Math.Abs);
            for (var i = 0; i < length; i++) Assert.InRange(Math.Abs(back[i] - values[i]), 0, bound * largest + 1e-7);
        }
    }

    [Fact]
    public void Zeros_stay_zeros()
    {
        foreach (var type in Quantizer.Types)
        {
            var blocks = new byte[StorageLayout.Of(type).Bytes(256)];
            var values = new float[256];
            Quantizer.FromFloat(type, values, blocks);
            Array.Fill(values, 1);
            Dequantizer.ToFloat(type, blocks, values);
            Assert.All(values, value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void Wrong_lengths_and_types_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Quantizer.FromFloat(StorageType.Q8_0, new float[31], new byte[34]));
        Assert.Throws<ArgumentException>(() => Quantizer.FromFloat(StorageType.Q8_0, new float[32], new byte[33]));
        Assert.Throws<ArgumentException>(() => Quantizer.FromFloat(StorageType.IQ4_XS, new float[256], new byte[136]));
        Assert.Throws<ArgumentException>(() => Dequantizer.ToFloat(StorageType.Q4_K, new byte[144], new float[255]));
    }
}
