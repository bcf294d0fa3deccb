using System.Text;
using System.Text.RegularExpressions;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Python's <c>format % values</c>.</summary>
internal static partial class PrintfFormat
{
    /// <summary>Fills in a format.</summary>
    /// <param name="format">The format.</param>
    /// <param name="values">A tuple of values, a dictionary for <c>%(name)s</c>, or a single value.</param>
    public static string Apply(string format, JinjaValue values)
    {
        var queue = new Queue<JinjaValue>(values is ListValue { Kind: SequenceKind.Tuple } tuple ? tuple.Values : [values]);
        var output = new StringBuilder();
        var position = 0;
        for (var at = format.IndexOf('%'); at >= 0; at = format.IndexOf('%', position))
        {
            output.Append(format, position, at - position);
            var match = Conversion().Match(format, at);
            if (!match.Success) throw new JinjaError("a '%' in a format is not followed by a conversion");
            position = at + match.Length;
            TemplateLimits.CheckText(output.Length);
            output.Append(match.Groups["type"].Value == "%" ? "%" : Convert(match, Value(match, values, queue)));
        }
        if (queue.Count > 0 && values is not DictValue) throw new JinjaError("not all arguments were used by the format");
        return output.Append(format, position, format.Length - position).ToString();
    }

    private static JinjaValue Value(Match match, JinjaValue values, Queue<JinjaValue> queue)
    {
        if (!match.Groups["name"].Success) return queue.TryDequeue(out var next) ? next : throw new JinjaError("there are not enough arguments for the format");
        var name = match.Groups["name"].Value;
        return (values as DictValue)?.Item(new StringValue(name)) ?? throw new JinjaError($"the format has no value for '{name}'");
    }

    private static string Convert(Match match, JinjaValue value)
    {
        var flags = match.Groups["flags"].Value;
        var precision = match.Groups["precision"] is { Success: true } digits ? FormatSpec.Width("0" + digits.Value) : -1;
        var type = match.Groups["type"].Value[0];
        if (type == 'r') value = ValueFilters.Repr(value);
        if (type is 'd' or 'i' or 'u' && value is FloatValue real) value = new IntValue(new System.Numerics.BigInteger(Math.Truncate(real.Value)));
        var text = FormatSpec.Convert(value, type is 'r' ? 's' : type == 'u' ? 'd' : type, precision, flags.Contains('+') ? "+" : flags.Contains(' ') ? " " : "");
        var width = match.Groups["width"] is { Success: true } given ? FormatSpec.Width(given.Value) : 0;
        return flags.Contains('-') ? FormatSpec.Pad(text, width, '<', ' ')
            : flags.Contains('0') && type is not ('s' or 'r') ? FormatSpec.Pad(text, width, '=', '0') : FormatSpec.Pad(text, width, '>', ' ');
    }

    [GeneratedRegex(@"\G%(?:\((?<name>[^)]*)\))?(?<flags>[-+ 0#]*)(?<width>[0-9]+)?(?:\.(?<precision>[0-9]*))?(?<type>[diuoxXeEfFgGsr%])")]
    private static partial Regex Conversion();
}
