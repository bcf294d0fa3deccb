using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>What a plain scalar stands for, by YAML 1.2's core schema (section 10.3.2): <c>yes</c>, <c>no</c>, <c>on</c> and <c>off</c> are text.</summary>
internal static partial class ScalarValues
{
    public static JsonNode? Of(SourceScalar scalar)
    {
        var text = scalar.Text;
        if (!scalar.IsPlain) return JsonValue.Create(text);
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return null;
            case "true" or "True" or "TRUE": return true;
            case "false" or "False" or "FALSE": return false;
        }
        if (text.Length <= 32)
        {
            if (Integer().IsMatch(text) && long.TryParse(text, CultureInfo.InvariantCulture, out var whole)) return whole;
            if (text.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hexadecimal)) return hexadecimal;
            if (Float().IsMatch(text) && double.TryParse(text, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) return number;
        }
        return JsonValue.Create(text);
    }

    [GeneratedRegex(@"^[-+]?[0-9]+$")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")]
    private static partial Regex Float();
}
