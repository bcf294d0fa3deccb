using System.Globalization;
using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Formats a time as C's <c>strftime</c> does in the C locale. Python's <c>datetime.now()</c> has no zone, so %z and %Z give nothing.</summary>
internal static class Strftime
{
    /// <summary>Formats a time.</summary>
    public static string Format(DateTimeOffset time, string format)
    {
        var output = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                output.Append(format[i]);
                continue;
            }
            var flag = i + 2 < format.Length && format[i + 1] is '-' or '_' or '0' or '^' or '#' ? format[++i] : '\0';
            TemplateLimits.CheckText(output.Length);
            var directive = format[++i];
            output.Append(Directive(time, directive) is { } text ? Flagged(text, flag) : flag == '\0' ? $"%{directive}" : $"%{flag}{directive}");
        }
        return output.ToString();
    }

    private static string Flagged(string text, char flag) => flag switch
    {
        '-' => text.Length > 1 && char.IsAsciiDigit(text[^1]) ? text.TrimStart('0', ' ') is { Length: > 0 } short_ ? short_ : "0" : text,
        '_' => text.Length > 1 && text[0] == '0' ? text[1..].PadLeft(text.Length) : text,
        '0' => text.Replace(' ', '0'),
        '^' => text.ToUpperInvariant(),
        '#' => text.Any(char.IsLower) ? text.ToUpperInvariant() : text.ToLowerInvariant(),
        _ => text,
    };

    private static string? Directive(DateTimeOffset time, char directive)
    {
        string Net(string format) => time.ToString(format, CultureInfo.InvariantCulture);
        var hour12 = time.Hour % 12 == 0 ? 12 : time.Hour % 12;
        return directive switch
        {
            'a' => Net("ddd"),
            'A' => Net("dddd"),
            'b' or 'h' => Net("MMM"),
            'B' => Net("MMMM"),
            'c' => $"{Net("ddd MMM")} {time.Day,2} {Net("HH:mm:ss yyyy")}",
            'C' => $"{time.Year / 100:00}",
            'd' => Net("dd"),
            'D' or 'x' => Net("MM'/'dd'/'yy"),
            'e' => $"{time.Day,2}",
            'f' => Net("ffffff"),
            'F' => Net("yyyy-MM-dd"),
            'g' => $"{ISOWeek.GetYear(time.DateTime) % 100:00}",
            'G' => $"{ISOWeek.GetYear(time.DateTime)}",
            'H' => Net("HH"),
            'I' => $"{hour12:00}",
            'j' => $"{time.DayOfYear:000}",
            'k' => $"{time.Hour,2}",
            'l' => $"{hour12,2}",
            'm' => Net("MM"),
            'M' => Net("mm"),
            'n' => "\n",
            'p' => time.Hour < 12 ? "AM" : "PM",
            'P' => time.Hour < 12 ? "am" : "pm",
            'r' => $"{hour12:00}:{Net("mm:ss")} {(time.Hour < 12 ? "AM" : "PM")}",
            'R' => Net("HH:mm"),
            's' => $"{time.ToUnixTimeSeconds()}",
            'S' => Net("ss"),
            't' => "\t",
            'T' or 'X' => Net("HH:mm:ss"),
            'u' => $"{(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek)}",
            'U' => $"{(time.DayOfYear + 6 - (int)time.DayOfWeek) / 7:00}",
            'V' => $"{ISOWeek.GetWeekOfYear(time.DateTime):00}",
            'w' => $"{(int)time.DayOfWeek}",
            'W' => $"{(time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7:00}",
            'y' => Net("yy"),
            'Y' => $"{time.Year}",
            'z' or 'Z' => "",
            '%' => "%",
            _ => null,
        };
    }
}
