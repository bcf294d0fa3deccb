using System.Numerics;
using System.Text;

namespace AgentRuntime.Engine.Fuzz.Gguf;

/// <summary>
/// A second opinion on whether the bytes are a sound GGUF file up to the tensors' places: written apart from the
/// reader, slow and plain, with numbers that cannot overflow. Whether metadata make sense as a model is not its matter.
/// </summary>
internal sealed class GgufOracle
{
    private static readonly BigInteger Largest = long.MaxValue;
    private readonly byte[] _file;
    private BigInteger _at;

    private GgufOracle(byte[] file) => _file = file;

    /// <summary>What is wrong with a file, or null when it is sound.</summary>
    public static string? Problem(byte[] file)
    {
        try
        {
            new GgufOracle(file).Check();
            return null;
        }
        catch (Unsound e)
        {
            return e.Message;
        }
    }

    private void Check()
    {
        Require(Encoding.Latin1.GetString(_file, 0, Math.Min(4, _file.Length)) == "GGUF", "magic");
        _at = 4;
        Require(Unsigned(4) is var version && (version == 2 || version == 3), "version");
        BigInteger tensors = Unsigned(8), pairs = Unsigned(8);
        var keys = new List<string>();
        BigInteger alignment = 32;
        for (BigInteger i = 0; i < pairs; i++)
        {
            var key = Name(65535);
            Require(!keys.Contains(key), "duplicate key");
            keys.Add(key);
            var type = (int)BigInteger.Min(Unsigned(4), 99);
            var valueAt = _at;
            Value(type);
            if (key == "general.alignment") alignment = Alignment(type, valueAt);
        }
        CheckTensors(tensors, alignment);
    }

    private BigInteger Alignment(int type, BigInteger at)
    {
        var width = type switch { 0 or 1 => 1, 2 or 3 => 2, 4 or 5 => 4, 10 or 11 => 8, _ => 0 };
        Require(width > 0, "alignment is no integer");
        var signed = type is 1 or 3 or 5 or 11;
        var value = new BigInteger(_file.AsSpan((int)at, width), isUnsigned: !signed);
        Require(value >= 8 && value <= 1 << 20 && value.IsPowerOfTwo, "alignment");
        return value;
    }

    private void CheckTensors(BigInteger count, BigInteger alignment)
    {
        var names = new List<string>();
        var places = new List<(BigInteger Begin, BigInteger End)>();
        for (BigInteger i = 0; i < count; i++)
        {
            var name = Name(64);
            Require(!names.Contains(name), "duplicate tensor");
            names.Add(name);
            var dimensions = Unsigned(4);
            Require(dimensions >= 1 && dimensions <= 4, "dimensions");
            var shape = new List<BigInteger>();
            while (shape.Count < dimensions) shape.Add(Unsigned(8));
            Require(shape.TrueForAll(size => size >= 1 && size <= int.MaxValue), "dimension");
            var (length, bytes) = Block((int)BigInteger.Min(Unsigned(4), 999));
            Require(length > 0, "tensor type");
            Require(shape[0] % length == 0, "row length");
            var size = shape.Aggregate(BigInteger.One, (a, b) => a * b) / length * bytes;
            var offset = Unsigned(8);
            Require(offset % alignment == 0, "tensor alignment");
            places.Add((offset, offset + size));
        }
        var dataStart = (_at + alignment - 1) / alignment * alignment;
        for (var i = 0; i < places.Count; i++)
        {
            Require(dataStart + places[i].End <= _file.Length && places[i].End <= Largest, "tensor outside the file");
            for (var j = 0; j < i; j++) Require(places[j].End <= places[i].Begin, "order of tensors");
        }
    }

    private void Value(int type)
    {
        switch (type)
        {
            case 0 or 1: Skip(1); break;
            case 2 or 3: Skip(2); break;
            case 4 or 5 or 6: Skip(4); break;
            case 10 or 11 or 12: Skip(8); break;
            case 7: Require(Unsigned(1) < 2, "bool"); break;
            case 8: Skip(Unsigned(8)); break;
            case 9:
                var element = (int)BigInteger.Min(Unsigned(4), 99);
                Require(element != 9, "nested array");
                Require(element <= 12, "element type");
                for (var left = Unsigned(8); left > 0; left--) Value(element);
                break;
            default: throw new Unsound("value type");
        }
    }

    private string Name(int most)
    {
        var length = Unsigned(8);
        Require(length >= 1 && length <= most, "length of a name");
        var begin = (int)_at;
        Skip(length);
        var bytes = _file[begin..(int)_at];
        var text = Encoding.UTF8.GetString(bytes);
        // Only valid UTF-8 survives a round trip.
        Require(Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(bytes), "UTF-8");
        return text;
    }

    private BigInteger Unsigned(int bytes)
    {
        var begin = (int)_at;
        Skip(bytes);
        return new(_file.AsSpan(begin, bytes), isUnsigned: true);
    }

    private void Skip(BigInteger bytes)
    {
        Require(_at + bytes <= _file.Length, "end of file");
        _at += bytes;
    }

    /// <summary>Values and bytes of a block, from the format's description.</summary>
    private static (int Length, int Bytes) Block(int type) => type switch
    {
        0 or 26 => (1, 4),
        1 or 25 or 30 => (1, 2),
        24 => (1, 1),
        27 or 28 => (1, 8),
        2 or 20 => (32, 2 + 16),
        3 => (32, 4 + 16),
        6 => (32, 2 + 4 + 16),
        7 => (32, 4 + 4 + 16),
        8 => (32, 2 + 32),
        9 => (32, 4 + 32),
        39 => (32, 1 + 16),
        10 => (256, 16 + 64 + 4),
        11 => (256, 32 + 64 + 12 + 2),
        12 => (256, 4 + 12 + 128),
        13 => (256, 4 + 12 + 32 + 128),
        14 => (256, 128 + 64 + 16 + 2),
        15 => (256, 4 + 256 + 32),
        16 => (256, 2 + 64),
        17 => (256, 2 + 64 + 8),
        18 => (256, 2 + 96),
        19 => (256, 2 + 32 + 16),
        21 => (256, 2 + 64 + 8 + 32 + 4),
        22 => (256, 2 + 64 + 8 + 8),
        23 => (256, 2 + 2 + 4 + 128),
        29 => (256, 32 + 16 + 8),
        34 => (256, 2 + 4 + 48),
        35 => (256, 2 + 64),
        _ => (0, 0),
    };

    private static void Require(bool holds, string what)
    {
        if (!holds) throw new Unsound(what);
    }

    private sealed class Unsound(string what) : Exception(what);
}
