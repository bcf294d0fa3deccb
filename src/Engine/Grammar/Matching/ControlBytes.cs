using System.Runtime.CompilerServices;
using System.Text;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// Control tokens as bytes, so that automata need to know bytes only. Their codes consist of bytes that no text has, and
/// all are equally long, so that no code is part of another or of a text.
/// </summary>
internal static class ControlBytes
{
    /// <summary>Begins the code of a control token.</summary>
    public const byte Control = 0xFF;

    /// <summary>Begins the code of a token that ends a reply.</summary>
    public const byte End = 0xFE;

    /// <summary>The lowest byte that stands only in codes.</summary>
    public const byte Lowest = 0xF8;

    /// <summary>Bytes of a code.</summary>
    public const int Length = 1 + Digits;

    private static readonly ConditionalWeakTable<Tokenizer, SpecialTokens> Names = [];

    private const int Base = End - Lowest, Digits = 12;

    /// <summary>What a token stands for in a grammar; empty when it may stand nowhere.</summary>
    public static ReadOnlyMemory<byte> Of(Tokenizer tokenizer, int token)
    {
        if (tokenizer.EndTokens.Contains(token)) return Code(End, token);
        if (tokenizer.Vocabulary.Types[token] == TokenType.Control) return Code(Control, token);
        var bytes = tokenizer.Bytes(token, special: false);
        return bytes.Span.ContainsAnyInRange(Lowest, byte.MaxValue) ? default : bytes;
    }

    /// <summary>A text of a chat format, with the control tokens that it names as their codes.</summary>
    public static byte[] Encode(Tokenizer tokenizer, string text)
    {
        List<byte> bytes = [];
        var names = Names.GetValue(tokenizer, static t => new(t.Vocabulary));
        for (var rest = text; rest.Length > 0;)
        {
            var (index, length, id) = names.Find(rest, control: true);
            var plain = id < 0 ? rest : rest[..index];
            bytes.AddRange(Encoding.UTF8.GetBytes(plain));
            if (id < 0) break;
            bytes.AddRange(Of(tokenizer, id).Span);
            rest = rest[(index + length)..];
        }
        return [.. bytes];
    }

    /// <summary>The token of a code.</summary>
    public static int Token(ReadOnlySpan<byte> code)
    {
        var token = 0;
        foreach (var digit in code[1..]) token = token * Base + digit - Lowest;
        return token;
    }

    private static byte[] Code(byte lead, int token)
    {
        var code = new byte[Digits + 1];
        code[0] = lead;
        for (var i = Digits; i > 0; i--, token /= Base) code[i] = (byte)(Lowest + token % Base);
        return code;
    }
}
