using System.Buffers.Binary;

namespace AgentRuntime.Engine.Models.Synthesis;

/// <summary>
/// A small random generator whose sequence stays the same in every version of .NET.
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// <summary>A number from -1 to 1.</summary>
    public float Symmetric() => ((long)Next() >> 39) * (1f / (1 << 24));

    /// <summary>Random bytes.</summary>
    public void Fill(Span<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..]) BinaryPrimitives.WriteUInt64LittleEndian(bytes, Next());
        var rest = Next();
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(rest >> 8 * i);
    }
}
