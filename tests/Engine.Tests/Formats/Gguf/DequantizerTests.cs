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
