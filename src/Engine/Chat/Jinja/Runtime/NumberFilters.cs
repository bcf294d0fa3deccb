using System.Globalization;
using System.Numerics;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Filters on numbers.</summary>
internal static class NumberFilters
{
    public static readonly Dictionary<string, Filters.Filter> All = new()
    {
        ["abs"] = (_, value, _) => Numbers.AsDouble(value) is < 0 ? Operators.Sign("-", value) : Operators.Sign("+", value),
        ["float"] = (_, value, a) => ToFloat(value) is { } number ? new FloatValue(number) : a.Bind("float", "default")[0] ?? new FloatValue(0),
        ["int"] = (_, value, a) => ToInt(value, a.Bind("int", "default", "base")),
        ["round"] = (_, value, a) => Round(value, a.Bind("round", "precision", "method")),
    };

    /// <summary>Python's <c>round(value, precision)</c>: to even where it lies exactly in the middle.</summary>
    public static double RoundHalfEven(double value, int precision)
    {
        if (precision > 300 || !double.IsFinite(value)) return value;
        if (precision == 0) return Math.Round(value, MidpointRounding.ToEven);
        if (precision < 0)
        {
            var unit = Math.Pow(10, Math.Min(-precision, 308));
            return Math.Round(value / unit, MidpointRounding.ToEven) * unit;
        }
        // .NET prints exact digits; only a tie, which these digits show, rounds the other way.
        var exact = Math.Abs(value).ToString("F" + (precision + 40), CultureInfo.InvariantCulture);
        var kept = exact[..^40];
        var rest = exact[^40..];
        var isTie = rest[0] == '5' && rest.AsSpan(1).IndexOfAnyExcept('0') < 0;
        var up = rest[0] > '5' || (rest[0] == '5' && !isTie) || (isTie && (kept[^1] - '0') % 2 == 1);
        var digits = BigInteger.Parse(kept.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) + (up ? 1 : 0);
        var rounded = double.Parse($"{digits}e-{precision}", CultureInfo.InvariantCulture);
        return double.IsNegative(value) ? -rounded : rounded;
    }

    private static double? ToFloat(JinjaValue value)
    {
        UndefinedValue.Refuse(value);
        if (Numbers.AsDouble(value) is { } number) return number;
        return value is StringValue text ? Parse(text.Value) : null;
    }

    private static double? Parse(string text)
    {
        const NumberStyles style = NumberStyles.Float;
        var trimmed = PythonText.Strip(text, null, atStart: true, atEnd: true);
        return trimmed.TrimStart('+', '-').ToLowerInvariant() switch
        {
            "inf" or "infinity" => trimmed[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
            "nan" => double.NaN,
            _ => double.TryParse(trimmed.Replace("_", "", StringComparison.Ordinal), style, CultureInfo.InvariantCulture, out var number)
                && trimmed.Any(char.IsAsciiDigit) ? number : null,
        };
    }

    private static JinjaValue ToInt(JinjaValue value, JinjaValue?[] bound)
    {
        var fallback = bound[0] ?? new IntValue(0);
        UndefinedValue.Refuse(value);
        if (Numbers.AsInteger(value) is { } number) return new IntValue(number);
        if (value is FloatValue real) return double.IsFinite(real.Value) ? new IntValue(new BigInteger(real.Value)) : fallback;
        if (value is not StringValue text) return fallback;
        if (ParseInteger(text.Value, TextFilters.Int(bound[1], 10)) is { } parsed) return new IntValue(parsed);
        return Parse(text.Value) is { } fraction && double.IsFinite(fraction) ? new IntValue(new BigInteger(fraction)) : fallback;
    }

    private static BigInteger? ParseInteger(string text, int radix)
    {
        var digits = PythonText.Strip(text, null, atStart: true, atEnd: true).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        var isNegative = digits.StartsWith('-');
        if (digits.StartsWith('-') || digits.StartsWith('+')) digits = digits[1..];
        var prefix = radix switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => null };
        if (prefix is not null && digits.StartsWith(prefix, StringComparison.Ordinal)) digits = digits[2..];
        if (digits.Length is 0 or > TemplateLimits.IntegerBits / 4) return null;
        var value = BigInteger.Zero;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetterLower(c) ? c - 'a' + 10 : int.MaxValue;
            if (digit >= radix) return null;
            value = value * radix + digit;
        }
        return isNegative ? -value : value;
    }

    private static JinjaValue Round(JinjaValue value, JinjaValue?[] bound)
    {
        var (precision, method) = (TextFilters.Int(bound[0], 0), bound[1]?.ToText() ?? "common");
        var number = Numbers.AsDouble(value) ?? throw new JinjaError($"'round' needs a number, not '{value.TypeName}'");
        switch (method)
        {
            case "common": return value is FloatValue || precision < 0 ? new FloatValue(RoundHalfEven(number, precision)) : Operators.Sign("+", value);
            case "ceil" or "floor":
                var scale = Math.Pow(10, precision);
                return new FloatValue((method == "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale);
            default: throw new JinjaError("'round' knows the methods common, ceil and floor");
        }
    }
}
