using System.Globalization;
using System.Text.RegularExpressions;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>One conversion of a value to text with sign, width and precision; shared by <c>%</c> and <c>format</c>.</summary>
internal static partial class FormatSpec
{
    /// <summary>Formats by a specification of Python's format language, such as <c>&gt;8.2f</c>.</summary>
    public static string Apply(JinjaValue value, string specification)
    {
        if (specification.Length == 0) return value.ToText();
        var match = Pattern().Match(specification);
        if (!match.Success) throw new JinjaError($"'{specification}' is no format that can be used here");
        string Group(string name) => match.Groups[name].Value;
        var isNumber = Numbers.AsDouble(value) is not null && value is not BoolValue;
        var type = Group("type") is { Length: > 0 } given ? given[0] : isNumber ? (value is IntValue ? 'd' : 'r') : 's';
        var precision = Group("precision") is { Length: > 0 } digits ? Width(digits) : -1;
        var text = Convert(value, type, precision, Group("sign"), Group("comma"));
        var width = Group("width") is { Length: > 0 } given2 ? Width(given2) : 0;
        var align = Group("align") is { Length: > 0 } side ? side[0] : isNumber ? '>' : '<';
        var fill = Group("fill") is { Length: > 0 } filler ? filler[0] : ' ';
        if (Group("zero") == "0" && Group("align").Length == 0) (fill, align) = ('0', isNumber ? '=' : '<');
        return Pad(text, width, align, fill);
    }

    /// <summary>Writes a value in a conversion such as <c>d</c>, <c>f</c>, <c>x</c> or <c>s</c>.</summary>
    public static string Convert(JinjaValue value, char type, int precision, string sign, string separator = "")
    {
        if (type == 's')
        {
            var text = value.ToText();
            return precision >= 0 ? text[..CodePoints.Position(text, precision)] : text;
        }
        var number = Numbers.AsDouble(value) ?? throw new JinjaError($"format '{type}' needs a number, not '{value.TypeName}'");
        var integer = Numbers.AsInteger(value);
        if (type is 'd' or 'i' or 'x' or 'X' or 'o' or 'b')
        {
            var whole = integer ?? throw new JinjaError($"format '{type}' needs a whole number, not '{value.TypeName}'");
            var magnitude = System.Numerics.BigInteger.Abs(whole);
            return Signed(whole.Sign < 0, sign, type switch
            {
                'x' => Radix(magnitude, 16),
                'X' => Radix(magnitude, 16).ToUpperInvariant(),
                'o' => Radix(magnitude, 8),
                'b' => Radix(magnitude, 2),
                _ => Grouped(magnitude.ToString(CultureInfo.InvariantCulture), separator),
            });
        }
        var size = Math.Abs(number);
        var isNegative = double.IsNegative(number);
        if (type == '%') return Signed(isNegative, sign, (size * 100).ToString("F" + (precision < 0 ? 6 : precision), CultureInfo.InvariantCulture) + "%");
        return Signed(isNegative, sign, type switch
        {
            'f' or 'F' => Grouped(NumberFilters.RoundHalfEven(size, precision < 0 ? 6 : precision).ToString("F" + (precision < 0 ? 6 : precision), CultureInfo.InvariantCulture), separator),
            'e' or 'E' => size.ToString($"0.{new string('0', precision < 0 ? 6 : precision)}{type}+00", CultureInfo.InvariantCulture),
            'g' or 'G' => General(size, precision < 0 ? 6 : Math.Max(1, precision)),
            _ => Grouped(precision < 0 ? Numbers.FloatText(size) : General(size, Math.Max(1, precision)), separator),
        });
    }

    /// <summary>Fills a text up to a width.</summary>
    public static string Pad(string text, int width, char align, char fill)
    {
        var missing = TemplateLimits.CheckText(width) - CodePoints.Count(text);
        if (missing <= 0) return text;
        if (align == '=' && text.Length > 0 && text[0] is '-' or '+' or ' ') return text[0] + new string(fill, missing) + text[1..];
        return align switch
        {
            '<' => text + new string(fill, missing),
            '^' => new string(fill, missing / 2) + text + new string(fill, missing - (missing / 2)),
            _ => new string(fill, missing) + text,
        };
    }

    /// <summary>A width or precision, which a format may not make too large.</summary>
    public static int Width(string digits) => digits.Length <= 5
        ? int.Parse(digits, CultureInfo.InvariantCulture)
        : throw new JinjaError("a width or precision in a format is too large");

    private static string Signed(bool isNegative, string sign, string text) => isNegative ? "-" + text : sign is "+" or " " ? sign + text : text;

    private static string Grouped(string digits, string separator)
    {
        if (separator.Length == 0) return digits;
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        for (var i = (point < 0 ? digits.Length : point) - 3; i > 0; i -= 3) digits = digits.Insert(i, separator);
        return digits;
    }

    private static string General(double value, int precision)
    {
        precision = Math.Min(precision, 17);
        var exponent = value == 0 ? 0 : (int)Math.Floor(Math.Log10(double.Parse(value.ToString("E" + (precision - 1), CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)));
        if (exponent < -4 || exponent >= precision)
            return value.ToString($"0.{new string('#', precision - 1)}e+00", CultureInfo.InvariantCulture);
        var text = value.ToString("F" + Math.Max(0, precision - 1 - exponent), CultureInfo.InvariantCulture);
        return text.Contains('.') ? text.TrimEnd('0').TrimEnd('.') : text;
    }

    private static string Radix(System.Numerics.BigInteger value, int radix)
    {
        var digits = "";
        do
        {
            value = System.Numerics.BigInteger.DivRem(value, radix, out var digit);
            digits = "0123456789abcdef"[(int)digit] + digits;
        }
        while (!value.IsZero);
        return digits;
    }

    [GeneratedRegex(@"^(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<zero>0)?(?<width>[0-9]+)?(?<comma>[,_])?(?:\.(?<precision>[0-9]+))?(?<type>[bdeEfFgGosxX%])?$", RegexOptions.Singleline)]
    private static partial Regex Pattern();
}
