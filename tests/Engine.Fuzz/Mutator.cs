using System.Buffers.Binary;

namespace AgentRuntime.Engine.Fuzz;

/// <summary>Changes valid inputs in the ways that files are damaged and attacked. The same seed gives the same input.</summary>
internal sealed class Mutator(IFuzzTarget target, int seed)
{
    private readonly Random _random = new(seed);

    private static ReadOnlySpan<ulong> Numbers =>
    [
        0, 1, 2, 3, 4, 7, 8, 9, 16, 31, 32, 33, 64, 127, 128, 255, 256, 1 << 16, (1 << 20) + 1, int.MaxValue, 1UL << 31,
        uint.MaxValue, 1UL << 32, 1UL << 59, 1UL << 60, 1UL << 61, long.MaxValue, 1UL << 63, ulong.MaxValue - 7, ulong.MaxValue,
    ];

    /// <summary>A seed with one mutation or more, seldom many.</summary>
    public byte[] Next()
    {
        var input = new List<byte>(Pick(target.Seeds));
        do Mutate(input);
        while (_random.Next(2) != 0 && input.Count > 0);
        return [.. input];
    }

    private void Mutate(List<byte> input)
    {
        if (input.Count == 0) return;
        var at = Place(input.Count);
        switch (_random.Next(11))
        {
            case 0: input[at] ^= (byte)(1 << _random.Next(8)); break;
            case 1: input[at] = (byte)_random.Next(256); break;
            case 2: input[at] += (byte)_random.Next(-4, 5); break;
            case 3: SetNumber(input, at, 4); break;
            case 4: SetNumber(input, at, 8); break;
            case 5: input.RemoveRange(at, input.Count - at); break;
            case 6: input.RemoveRange(at, Length(input.Count - at)); break;
            case 7: input.InsertRange(at, input.GetRange(at, Length(input.Count - at))); break;
            case 8: Insert(input, at); break;
            case 9: Copy(input, at); break;
            case 10: Splice(input, at); break;
        }
    }

    /// <summary>Anywhere, but often near the front, where the counts are.</summary>
    private int Place(int count) => _random.Next(4) == 0 ? _random.Next(Math.Min(count, 64)) : _random.Next(count);

    /// <summary>A length that is mostly short.</summary>
    private int Length(int most) => Math.Min(most, 1 + (_random.Next(2) == 0 ? _random.Next(8) : _random.Next(64)));

    private void SetNumber(List<byte> input, int at, int width)
    {
        var number = _random.Next(4) == 0 ? (ulong)(input.Count - at + _random.Next(-9, 10)) : Numbers[_random.Next(Numbers.Length)];
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        for (var i = 0; i < width && at + i < input.Count; i++) input[at + i] = bytes[i];
    }

    private void Insert(List<byte> input, int at)
    {
        if (target.Dictionary.Count > 0 && _random.Next(2) == 0)
        {
            input.InsertRange(at, Pick(target.Dictionary));
            return;
        }
        var bytes = new byte[Length(64)];
        _random.NextBytes(bytes);
        input.InsertRange(at, bytes);
    }

    private void Copy(List<byte> input, int at)
    {
        var from = _random.Next(input.Count);
        var bytes = input.GetRange(from, Length(input.Count - from));
        for (var i = 0; i < bytes.Count && at + i < input.Count; i++) input[at + i] = bytes[i];
    }

    /// <summary>The front of one input and the back of another.</summary>
    private void Splice(List<byte> input, int at)
    {
        var other = Pick(target.Seeds);
        input.RemoveRange(at, input.Count - at);
        input.AddRange(other[_random.Next(other.Length)..]);
    }

    private T Pick<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];
}
