using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>Reads GGUF's primitive values from a span. Every length is checked against the remaining bytes before it is used.</summary>
internal ref struct GgufCursor(ReadOnlySpan<byte> bytes, string fileName)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, true);
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Index of the next byte.</summary>
    public int Position { get; private set; }

    public readonly int Remaining => _bytes.Length - Position;

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A count of things that take at least <paramref name="leastBytes"/> bytes each.</summary>
    public int Count(int leastBytes, string what)
    {
        var count = UInt64(what);
        if (count > (ulong)(Remaining / leastBytes))
            throw Error($"{what} is {count}, more than the remaining {Remaining} bytes can hold");
        return (int)count;
    }

    /// <summary>A name: valid UTF-8, not empty, at most <paramref name="limit"/> bytes.</summary>
    public string Name(int limit, string what)
    {
        var length = Count(1, $"the length of {what}");
        if (length == 0) throw Error($"{what} is empty");
        if (length > limit) throw Error($"{what} is {length} bytes long, at most {limit} are allowed");
        try
        {
            return StrictUtf8.GetString(Take(length, what));
        }
        catch (DecoderFallbackException)
        {
            throw Error($"{what} is not valid UTF-8");
        }
    }

    /// <summary>A value of a type that is not checked yet.</summary>
    public GgufValue Value(uint type, string what)
    {
        if (type != (uint)GgufValueType.Array) return new((GgufValueType)type, Scalar(type, what));
        var elementType = UInt32($"the element type of {what}");
        return new(GgufValueType.Array, Array(elementType, what));
    }

    private object Scalar(uint type, string what) => (GgufValueType)type switch
    {
        GgufValueType.UInt8 => Take(1, what)[0],
        GgufValueType.Int8 => (sbyte)Take(1, what)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, what)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Take(2, what)),
        GgufValueType.UInt32 => UInt32(what),
        GgufValueType.Int32 => (int)UInt32(what),
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Take(4, what)),
        GgufValueType.Bool => Bool(what),
        GgufValueType.String => Text(what),
        GgufValueType.UInt64 => UInt64(what),
        GgufValueType.Int64 => (long)UInt64(what),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8, what)),
        _ => throw Error($"{what} has the unknown value type {type}"),
    };

    private Array Array(uint type, string what) => (GgufValueType)type switch
    {
        GgufValueType.UInt8 => Numbers<byte>(what),
        GgufValueType.Int8 => Numbers<sbyte>(what),
        GgufValueType.UInt16 => Numbers<ushort>(what),
        GgufValueType.Int16 => Numbers<short>(what),
        GgufValueType.UInt32 => Numbers<uint>(what),
        GgufValueType.Int32 => Numbers<int>(what),
        GgufValueType.Float32 => Numbers<float>(what),
        GgufValueType.UInt64 => Numbers<ulong>(what),
        GgufValueType.Int64 => Numbers<long>(what),
        GgufValueType.Float64 => Numbers<double>(what),
        GgufValueType.Bool => Bools(what),
        GgufValueType.String => Texts(what),
        GgufValueType.Array => throw Error($"{what} is an array of arrays, which is not supported"),
        _ => throw Error($"{what} has the unknown element type {type}"),
    };

    private unsafe T[] Numbers<T>(string what) where T : unmanaged
    {
        var count = Count(sizeof(T), $"the length of {what}");
        return MemoryMarshal.Cast<byte, T>(Take(count * sizeof(T), what)).ToArray();
    }

    private bool[] Bools(string what)
    {
        var values = new bool[Count(1, $"the length of {what}")];
        for (var i = 0; i < values.Length; i++) values[i] = Bool(what);
        return values;
    }

    private string[] Texts(string what)
    {
        var values = new string[Count(8, $"the length of {what}")];
        for (var i = 0; i < values.Length; i++) values[i] = Text(what);
        return values;
    }

    /// <summary>Text of any length; bytes that are not UTF-8 are replaced.</summary>
    private string Text(string what)
    {
        var length = UInt64(what);
        if (length > (ulong)Remaining)
            throw Error($"{what} holds a text of {length} bytes, more than the remaining {Remaining}");
        return Encoding.UTF8.GetString(Take((int)length, what));
    }

    private bool Bool(string what) => Take(1, what)[0] switch
    {
        0 => false,
        1 => true,
        var other => throw Error($"{what} holds the bool {other}, expected 0 or 1"),
    };

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > Remaining) throw Error($"the file ends inside {what}");
        var taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    public readonly ModelFormatException Error(string what) => new($"{fileName}: {what} (at byte {Position}).");
}
