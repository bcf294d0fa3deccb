namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>The patterns of the formats that are held to; ranges of days and hours are checked, calendars are not.</summary>
internal static class StringFormats
{
    private const string Date = @"\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))";
    private const string Time = @"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)";
    private const string Byte = @"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)";
    private const string Host = @"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*";

    private static readonly Dictionary<string, string> Patterns = new(StringComparer.Ordinal)
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = Date + "[Tt]" + Time,
        ["uuid"] = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
        ["ipv4"] = $@"{Byte}(?:\.{Byte}){{3}}",
        ["hostname"] = Host,
        ["email"] = @"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@" + Host,
        ["uri"] = @"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+",
        ["uri-reference"] = @"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*",
        ["uri-template"] = @"(?:[A-Za-z0-9._~:/?#@!$&()*+,;=-]|%[0-9A-Fa-f]{2}|\{[A-Za-z0-9_.,:*+#/;?&]+\})*",
        ["byte"] = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
        ["duration"] = @"P(?:\d+W|\d+[YMD]|\d+Y\d+M|\d+M\d+D|\d+Y\d+M\d+D|(?:\d+[YMD])?T\d+[HMS]|(?:\d+[YMD])?T\d+H\d+M(?:\d+S)?)",
    };

    /// <summary>The pattern that the whole string must match; null for an annotation that restricts nothing (number formats, password and the like).</summary>
    /// <exception cref="GrammarException">The format is not supported.</exception>
    public static string? Find(string format, string pointer) => Patterns.TryGetValue(format, out var pattern)
        ? "^(?:" + pattern + ")$"
        : format is "int32" or "int64" or "float" or "double" or "password" or "binary" or "string" or "text" or "markdown"
            ? null
            : throw new GrammarException($"{pointer}/format: the format '{format}' is not supported; leave it out or use a pattern.");
}
