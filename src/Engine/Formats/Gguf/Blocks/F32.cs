using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>Plain 32-bit floats, little endian, as this engine's processors have them.</summary>
internal static class F32
{
    public static void ToFloat(ReadOnlySpan<byte> bytes, Span<float> values) => bytes.CopyTo(MemoryMarshal.AsBytes(values));

    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> bytes) => MemoryMarshal.AsBytes(values).CopyTo(bytes);
}
