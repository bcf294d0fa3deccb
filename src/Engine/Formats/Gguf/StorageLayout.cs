using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>How many values and bytes a block of a storage type has. Rows consist of whole blocks.</summary>
/// <param name="Type">The storage type.</param>
/// <param name="Name">Its name, for instance <c>Q4_K</c>.</param>
/// <param name="BlockLength">Values in a block; 1 for plain floats.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
public readonly record struct StorageLayout(StorageType Type, string Name, int BlockLength, int BlockBytes)
{
    /// <summary>Bits that a value takes.</summary>
    public double BitsPerValue => BlockBytes * 8.0 / BlockLength;

    /// <summary>Bytes of <paramref name="values"/> values.</summary>
    /// <exception cref="ArgumentException">The number is negative or not a multiple of the block length.</exception>
    /// <exception cref="OverflowException">The result does not fit.</exception>
    public long Bytes(long values)
    {
        if (values < 0 || values % BlockLength != 0)
            throw new ArgumentException($"{values} values are no whole number of {Name} blocks of {BlockLength}.", nameof(values));
        return checked(values / BlockLength * BlockBytes);
    }

    /// <summary>The layout of a storage type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of <see cref="StorageType"/>'s.</exception>
    public static StorageLayout Of(StorageType type)
    {
        var info = GgufTensorType.Find((uint)type);
        if (info is not { IsSupported: true })
            throw new ArgumentOutOfRangeException(nameof(type), type, "No such storage type.");
        return new(type, info.Value.Name, info.Value.BlockLength, info.Value.BlockBytes);
    }
}
