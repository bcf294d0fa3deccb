using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Formats.Gguf;

public sealed class DequantizerTests
{
    /// <summary>The same weights in another type differ from F32 by no more than the type's resolution allows.</summary>
    [Theory]
    [InlineData("llama-f16.gguf", 0.0004)]
    [InlineData("llama-bf16.gguf", 0.003)]
    [InlineData("llama-q8_0.gguf", 0.008)]
    [InlineData("llama-q6_k.gguf", 0.025)]
    [InlineData("llama-q5_k_m.gguf", 0.05)]
    [InlineData("llama-q4_k_m.gguf", 0.09)]
    [InlineData("llama-q4_0.gguf", 0.11)]
    public void Types_agree_with_the_same_weights_in_F32(string file, double tolerance)
    {
        using var exact = ModelLoader.Open(TestFiles.Shared("goldens", "llama-f32.gguf"));
        using var model = ModelLoader.Open(TestFiles.Shared("goldens", file));
        foreach (var (name, tensor) in model.Tensors)
            Assert.InRange(RelativeError(Values(tensor), Values(exact.Tensors[name])), 0, tensor.Type == StorageType.F32 ? 0 : tolerance);
    }

    [Fact]
    public void Every_half_becomes_the_float_of_the_same_value()
    {
        var bytes = new byte[2 * 65536];
        for (var i = 0; i < 65536; i++) BitConverter.TryWriteBytes(bytes.AsSpan(2 * i), (ushort)i);
        var values = new float[65536];
        Dequantizer.ToFloat(StorageType.F16, bytes, values);
        for (var i = 0; i < values.Length; i++)
        {
            var expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            if (float.IsNaN(expected)) Assert.True(float.IsNaN(values[i]));
            else Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(values[i]));
        }
    }

    public static TheoryData<StorageType> Quantised =>
        [.. Enum.GetValues<StorageType>().Where(type => StorageLayout.Of(type).BlockLength > 1)];

    /// <summary>Any bytes give what a second, differently written decoder gives.</summary>
    [Theory]
    [MemberData(nameof(Quantised))]
    public void Blocks_of_random_bytes_agree_with_a_second_decoder(StorageType type)
    {
        var random = new Random((int)type);
        var layout = StorageLayout.Of(type);
        var (block, values) = (new byte[layout.BlockBytes], new float[layout.BlockLength]);
        for (var round = 0; round < 300; round++)
        {
            random.NextBytes(block);
            Dequantizer.ToFloat(type, block, values);
            var expected = WalkingDecoders.Decode(type, block);
            Assert.Equal(expected.Length, values.Length);
            var size = expected.Where(float.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
            for (var i = 0; i < values.Length; i++)
            {
                if (float.IsFinite(expected[i])) Assert.InRange(values[i], expected[i] - 1e-6f * size, expected[i] + 1e-6f * size);
                else Assert.False(float.IsFinite(values[i]));
            }
        }
    }

    [Fact]
    public void MXFP4_covers_the_range_of_its_exponent()
    {
        var (block, values) = (new byte[17], new float[32]);
        foreach (var exponent in new byte[] { 0, 1, 2, 127, 254, 255 })
        {
            block[0] = exponent;
            block[1] = 0x72; // 1 and 6
            Dequantizer.ToFloat(StorageType.MXFP4, block, values);
            Assert.Equal((float)Math.Pow(2, exponent - 127.0), values[0]);
            Assert.Equal((float)(6 * Math.Pow(2, exponent - 127.0)), values[16]);
        }
    }

    private static float[] Values(Tensor tensor)
    {
        var values = new float[tensor.Elements];
        for (var row = 0; row < tensor.Rows; row++)
            Dequantizer.ToFloat(tensor.Type, tensor.Row(row), values.AsSpan(row * tensor.RowLength, tensor.RowLength));
        return values;
    }

    private static double RelativeError(float[] actual, float[] expected)
    {
        double difference = 0, norm = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            difference += (actual[i] - (double)expected[i]) * (actual[i] - (double)expected[i]);
            norm += expected[i] * (double)expected[i];
        }
        return Math.Sqrt(difference / norm);
    }
}
