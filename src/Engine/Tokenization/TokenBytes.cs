using System.Buffers;
using System.Globalization;
using System.Text;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>The bytes that each token stands for, all in one block.</summary>
internal sealed class TokenBytes
{
    private readonly ReadOnlyMemory<byte> bytes;
    private readonly int[] ends;

    /// <param name="vocabulary">The entries.</param>
    /// <param name="writeText">Appends the bytes of an entry of ordinary text.</param>
    public TokenBytes(VocabularyData vocabulary, Action<string, ArrayBufferWriter<byte>> writeText)
    {
        var writer = new ArrayBufferWriter<byte>(checked(vocabulary.Tokens.Count * 8 + 1));
        ends = new int[vocabulary.Tokens.Count];
        for (var id = 0; id < ends.Length; id++)
        {
            var entry = vocabulary.Tokens[id];
            switch (vocabulary.Types[id])
            {
                case TokenType.Normal or TokenType.Undefined:
                    writeText(entry, writer);
                    break;
                case TokenType.Byte:
                    writer.GetSpan(1)[0] = ParseByte(entry, id);
                    writer.Advance(1);
                    break;
                default:
                    Encoding.UTF8.GetBytes(entry, writer);
                    break;
            }

            ends[id] = writer.WrittenCount;
        }

        bytes = writer.WrittenMemory;
    }

    /// <summary>A token's bytes; a control token's are its name's.</summary>
    public ReadOnlyMemory<byte> this[int id] => bytes[(id == 0 ? 0 : ends[id - 1])..ends[id]];

    /// <summary>Reads <c>&lt;0xNN&gt;</c>.</summary>
    public static byte ParseByte(string entry, int id)
    {
        if (entry is ['<', '0', 'x', _, _, '>'] && byte.TryParse(entry.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            return value;
        throw new ModelFormatException($"Token {id} is of type byte, but is written '{entry}' and not <0xNN> with two hexadecimal digits.");
    }
}
