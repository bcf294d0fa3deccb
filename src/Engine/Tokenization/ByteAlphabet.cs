using System.Buffers;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// The alphabet in which byte-level BPE vocabularies are written: a printable character for each byte, so that every
/// entry is readable text. Printable Latin-1 bytes stand for themselves, the other 68 for U+0100 onwards, in order
/// (GPT-2's <c>bytes_to_unicode</c>).
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] ToChar = BuildChars();
    private static readonly short[] FromChar = BuildBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char Write(byte value) => ToChar[value];

    /// <summary>Appends the bytes that <paramref name="entry"/> stands for, or false (and nothing) if a character is foreign.</summary>
    public static bool TryRead(ReadOnlySpan<char> entry, ArrayBufferWriter<byte> bytes)
    {
        var target = bytes.GetSpan(entry.Length);
        for (var i = 0; i < entry.Length; i++)
        {
            if (entry[i] >= FromChar.Length || FromChar[entry[i]] < 0) return false;
            target[i] = (byte)FromChar[entry[i]];
        }

        bytes.Advance(entry.Length);
        return true;
    }

    private static char[] BuildChars()
    {
        var chars = new char[256];
        var next = (char)256;
        for (var value = 0; value < 256; value++)
        {
            var standsForItself = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            chars[value] = standsForItself ? (char)value : next++;
        }

        return chars;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[ToChar.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < 256; value++) bytes[ToChar[value]] = (short)value;
        return bytes;
    }
}
