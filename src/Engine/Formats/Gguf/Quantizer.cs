using AgentRuntime.Engine.Formats.Gguf.Blocks;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>
/// Turns floats into stored blocks by rounding to the nearest level: simple and correct, without the search for better
/// scales that dedicated quantisers do.
/// </summary>
public static class Quantizer
{
    /// <summary>The storage types that it can write.</summary>
    public static IReadOnlySet<StorageType> Types { get; } = new HashSet<StorageType>
    {
        StorageType.F32, StorageType.F16, StorageType.BF16, StorageType.Q4_0, StorageType.Q5_0, StorageType.Q5_1,
        StorageType.Q8_0, StorageType.Q4_K, StorageType.Q5_K, StorageType.Q6_K,
    };

    /// <summary>Converts whole blocks.</summary>
    /// <param name="type">How to store them, one of <see cref="Types"/>.</param>
    /// <param name="values">Finite values, a multiple of the type's block length.</param>
    /// <param name="blocks">Receives the blocks' bytes.</param>
    /// <exception cref="ArgumentException">The lengths do not belong together, or the type is not one of <see cref="Types"/>.</exception>
    public static void FromFloat(StorageType type, ReadOnlySpan<float> values, Span<byte> blocks)
    {
        if (!Types.Contains(type)) throw new ArgumentException($"Values cannot be converted to {type}.", nameof(type));
        var layout = StorageLayout.Of(type);
        if (layout.Bytes(values.Length) != blocks.Length)
            throw new ArgumentException($"{values.Length} values of {layout.Name} take {layout.Bytes(values.Length)} bytes, not {blocks.Length}.", nameof(blocks));
        switch (type)
        {
            case StorageType.F32: F32.FromFloat(values, blocks); return;
            case StorageType.F16: F16.FromFloat(values, blocks); return;
            case StorageType.BF16: BF16.FromFloat(values, blocks); return;
        }
        while (!blocks.IsEmpty)
        {
            Block(type, values[..layout.BlockLength], blocks[..layout.BlockBytes]);
            values = values[layout.BlockLength..];
            blocks = blocks[layout.BlockBytes..];
        }
    }

    private static void Block(StorageType type, ReadOnlySpan<float> values, Span<byte> block)
    {
        switch (type)
        {
            case StorageType.Q4_0: Q4_0.FromFloat(values, block); break;
            case StorageType.Q5_0: Q5_0.FromFloat(values, block); break;
            case StorageType.Q5_1: Q5_1.FromFloat(values, block); break;
            case StorageType.Q8_0: Q8_0.FromFloat(values, block); break;
            case StorageType.Q4_K: Q4_K.FromFloat(values, block); break;
            case StorageType.Q5_K: Q5_K.FromFloat(values, block); break;
            case StorageType.Q6_K: Q6_K.FromFloat(values, block); break;
        }
    }
}
