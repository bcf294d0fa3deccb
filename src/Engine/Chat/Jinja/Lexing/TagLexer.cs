using System.Globalization;
using System.Text.RegularExpressions;

namespace AgentRuntime.Engine.Chat.Jinja.Lexing;

/// <summary>Reads one name, number, string or operator inside a tag.</summary>
internal static partial class TagLexer
{
    // Longest first, so that '//' is not read as two divisions.
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    /// <summary>Reads the token at a position.</summary>
    /// <param name="source">The template.</param>
    /// <param name="position">Where the token starts.</param>
    /// <param name="line">Its line, from 1.</param>
    /// <param name="afterDot">Whether a dot stands before it: then digits are an index, never a fraction.</param>
    /// <param name="end">Receives where it ends.</param>
    public static Token Read(string source, int position, int line, bool afterDot, out int end)
    {
        var c = source[position];
        if (c is '\'' or '"')
        {
            var text = StringLiteral.Read(source, position, line, out end);
            return new(TokenKind.String, text, line);
        }
        if (char.IsAsciiDigit(c))
        {
            var fraction = FloatPattern().Match(source, position);
            var isFloat = !afterDot && fraction.Success && fraction.Index == position;
            var match = isFloat ? fraction : IntegerPattern().Match(source, position);
            end = position + match.Length;
            return new(isFloat ? TokenKind.Float : TokenKind.Integer, match.Value.Replace("_", "", StringComparison.Ordinal), line);
        }
        if (c == '_' || char.IsLetter(c))
        {
            end = position + 1;
            while (end < source.Length && IsNamePart(source[end])) end++;
            return new(TokenKind.Name, source[position..end], line);
        }
        foreach (var op in Operators)
        {
            if (string.CompareOrdinal(source, position, op, 0, op.Length) != 0) continue;
            end = position + op.Length;
            return new(TokenKind.Operator, op, line);
        }
        throw new TemplateException($"unexpected character '{c}'", line);
    }

    private static bool IsNamePart(char c) =>
        c == '_' || char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    [GeneratedRegex(@"\G[0-9](?:_?[0-9])*(?:(?:\.[0-9](?:_?[0-9])*)?[eE][+-]?[0-9](?:_?[0-9])*|\.[0-9](?:_?[0-9])*)")]
    private static partial Regex FloatPattern();

    [GeneratedRegex(@"\G(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[0-9](?:_?[0-9])*)")]
    private static partial Regex IntegerPattern();
}
