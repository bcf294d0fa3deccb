namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>
/// Bytes grouped into fewer than 64 classes that patterns mostly treat alike, so that a set of them is one word: letters,
/// digits, each other character, and everything beyond ASCII.
/// </summary>
internal static class ByteClasses
{
    private static readonly byte[] Classes = new byte[256];

    static ByteClasses()
    {
        var next = 0;
        foreach (var (first, last) in new[] { (0, 0x1F), ('0', '9'), ('A', 'F'), ('G', 'Z'), ('a', 'f'), ('g', 'z'), (0x80, 0xFF) })
        {
            for (int value = first; value <= last; value++) Classes[value] = (byte)next;
            next++;
        }
        for (var value = 0x20; value < 0x80; value++)
        {
            if (!char.IsAsciiLetterOrDigit((char)value)) Classes[value] = (byte)next++;
        }
    }

    /// <summary>The class of what lies beyond ASCII.</summary>
    public static ulong Beyond { get; } = Of(0x80);

    /// <summary>A byte's class, as a set of one.</summary>
    public static ulong Of(byte value) => 1UL << Classes[value];

    /// <summary>The classes all of whose ASCII characters satisfy a condition; control characters do not count.</summary>
    public static ulong Where(Func<char, bool> condition)
    {
        var excluded = 0UL;
        for (var value = 0x20; value < 0x80; value++)
        {
            if (!condition((char)value)) excluded |= Of((byte)value);
        }
        return ~excluded & ~Beyond;
    }
}
