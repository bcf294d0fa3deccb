using AgentRuntime.Engine.Formats.Gguf.Blocks;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>
/// Turns stored values into floats, exactly as the formats define them: the reference for every faster path.
/// The layouts are documented in <c>Blocks/</c>, one file a type.
/// </summary>
public static class Dequantizer
{
    /// <summary>Converts whole blocks.</summary>
    /// <param name="type">How they are stored.</param>
    /// <param name="blocks">The blocks' bytes.</param>
    /// <param name="values">Receives the values, in the order of the row.</param>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    public static void ToFloat(StorageType type, ReadOnlySpan<byte> blocks, Span<float> values)
    {
        var layout = StorageLayout.Of(type);
        if (layout.Bytes(values.Length) != blocks.Length)
            throw new ArgumentException($"{values.Length} values of {layout.Name} take {layout.Bytes(values.Length)} bytes, not {blocks.Length}.", nameof(blocks));
        switch (type)
        {
            case StorageType.F32: F32.ToFloat(blocks, values); return;
            case StorageType.F16: F16.ToFloat(blocks, values); return;
            case StorageType.BF16: BF16.ToFloat(blocks, values); return;
        }
        while (!blocks.IsEmpty)
        {
            Block(type, blocks[..layout.BlockBytes], values[..layout.BlockLength]);
            blocks = blocks[layout.BlockBytes..];
            values = values[layout.BlockLength..];
        }
    }

    private static void Block(StorageType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        switch (type)
        {
            case StorageType.Q4_0: Q4_0.ToFloat(block, values); break;
            case StorageType.Q4_1: Q4_1.ToFloat(block, values); break;
            case StorageType.Q5_0: Q5_0.ToFloat(block, values); break;
            case StorageType.Q5_1: Q5_1.ToFloat(block, values); break;
            case StorageType.Q8_0: Q8_0.ToFloat(block, values); break;
            case StorageType.Q2_K: Q2_K.ToFloat(block, values); break;
            case StorageType.Q3_K: Q3_K.ToFloat(block, values); break;
            case StorageType.Q4_K: Q4_K.ToFloat(block, values); break;
            case StorageType.Q5_K: Q5_K.ToFloat(block, values); break;
            case StorageType.Q6_K: Q6_K.ToFloat(block, values); break;
            case StorageType.IQ4_NL: IQ4_NL.ToFloat(block, values); break;
            case StorageType.IQ4_XS: IQ4_XS.ToFloat(block, values); break;
            case StorageType.MXFP4: MXFP4.ToFloat(block, values); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "No such storage type.");
        }
    }
}
