using System.Globalization;
using System.Numerics;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Numbers as Python compares, hashes and prints them.</summary>
internal static class Numbers
{
    /// <summary>The value as an integer, if it is an int or a bool.</summary>
    public static BigInteger? AsInteger(JinjaValue? value) => value switch
    {
        IntValue number => number.Value,
        BoolValue flag => flag.Value ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    /// <summary>The value as a float, if it is any number.</summary>
    public static double? AsDouble(JinjaValue? value) =>
        value is FloatValue number ? number.Value : AsInteger(value) is { } integer ? ToDouble(integer) : null;

    /// <summary>The nearest float; .NET's own conversion cuts digits off instead.</summary>
    public static double ToDouble(BigInteger value) => value.GetBitLength() <= 53
        ? (double)value
        : double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>The value as an integer that fits an index; larger ones are held at the ends.</summary>
    public static int? AsIndex(JinjaValue? value) => AsInteger(value) is { } number
        ? (int)BigInteger.Clamp(number, -int.MaxValue, int.MaxValue)
        : null;

    /// <summary>Whether both are numbers of the same size: 1, 1.0 and True are equal.</summary>
    public static bool AreEqual(JinjaValue left, JinjaValue? right) =>
        (AsInteger(left), AsInteger(right)) is ({ } a, { } b) ? a == b : AsDouble(left) is { } x && AsDouble(right) is { } y && x == y;

    /// <summary>A hash that is the same for equal ints and floats.</summary>
    public static int Hash(BigInteger value) => value == 0 ? 0 : value == 1 ? 1 : ((double)value).GetHashCode();

    /// <summary>Python's <c>repr</c> of a float: the shortest digits that read back the same.</summary>
    public static string FloatText(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var exponent = Exponent(shortest);
        var mantissa = Digits(shortest, out var negative);
        var sign = negative ? "-" : "";
        if (value == 0) return sign + "0.0";
        if (exponent is < -4 or >= 16)
        {
            var fraction = mantissa.Length > 1 ? "." + mantissa[1..] : "";
            return $"{sign}{mantissa[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (exponent < 0) return sign + "0." + new string('0', -exponent - 1) + mantissa;
        if (mantissa.Length <= exponent + 1) return sign + mantissa.PadRight(exponent + 1, '0') + ".0";
        return sign + mantissa[..(exponent + 1)] + "." + mantissa[(exponent + 1)..];
    }

    // The power of ten of the first significant digit of a number that .NET printed.
    private static int Exponent(string text)
    {
        var unsigned = text.AsSpan().TrimStart('-');
        var end = unsigned.IndexOf('E');
        if (end >= 0) return int.Parse(unsigned[(end + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = unsigned.IndexOf('.') is >= 0 and var at ? at : unsigned.Length;
        var first = unsigned.IndexOfAnyInRange('1', '9');
        return first < point ? point - first - 1 : point - first;
    }

    // The significant digits of a number that .NET printed, without sign, point, exponent and outer zeros.
    private static string Digits(string text, out bool negative)
    {
        negative = text.StartsWith('-');
        var end = text.IndexOf('E', StringComparison.Ordinal);
        var mantissa = (end < 0 ? text : text[..end]).Replace(".", "", StringComparison.Ordinal).TrimStart('-', '0').TrimEnd('0');
        return mantissa.Length == 0 ? "0" : mantissa;
    }
}
