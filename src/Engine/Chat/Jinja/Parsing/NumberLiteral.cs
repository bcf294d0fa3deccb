using System.Globalization;
using System.Numerics;
using AgentRuntime.Engine.Chat.Jinja.Lexing;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Parsing;

/// <summary>Numbers in a template: decimal, hexadecimal, octal and binary.</summary>
internal static class NumberLiteral
{
    /// <summary>The value of a number token.</summary>
    public static JinjaValue Parse(Token token)
    {
        var text = token.Text;
        if (token.Kind == TokenKind.Float) return new FloatValue(double.Parse(text, CultureInfo.InvariantCulture));
        if (text.Length > TemplateLimits.IntegerBits / 4) throw new TemplateException("a number is too large", token.Line);
        var radix = text.Length < 3 || text[0] != '0' ? 10 : char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 };
        if (radix == 10) return new IntValue(BigInteger.Parse(text, CultureInfo.InvariantCulture));
        var value = BigInteger.Zero;
        foreach (var digit in text.AsSpan(2)) value = value * radix + Convert.ToInt32(digit.ToString(), 16);
        return new IntValue(value);
    }
}
