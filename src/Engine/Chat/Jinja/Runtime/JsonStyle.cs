using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>How <c>tojson</c> writes.</summary>
/// <param name="EnsureAscii">Whether other characters than ASCII are written as escapes.</param>
/// <param name="Indent">What each level is indented by; null for all on one line.</param>
/// <param name="ItemSeparator">What stands between elements.</param>
/// <param name="KeySeparator">What stands between a key and its value.</param>
/// <param name="SortKeys">Whether keys are sorted.</param>
internal sealed record JsonStyle(bool EnsureAscii, string? Indent, string ItemSeparator, string KeySeparator, bool SortKeys)
{
    /// <summary>The style that the filter's arguments ask for, with the defaults of Hugging Face's own <c>tojson</c>.</summary>
    public static JsonStyle Of(JinjaValue?[] bound)
    {
        var indent = bound[1] switch
        {
            null or NoneValue => null,
            StringValue text => text.Value,
            var number => PythonText.Spaces(TextFilters.Int(number, 0)),
        };
        var (item, key) = (indent is null ? ", " : ",", ": ");
        if (bound[2] is not (null or NoneValue))
        {
            var pair = Access.Elements(bound[2]!).Select(p => p.ToText()).ToArray();
            if (pair.Length != 2) throw new JinjaError("'tojson' needs two separators");
            (item, key) = (pair[0], pair[1]);
        }
        return new(bound[0]?.IsTrue ?? false, indent, item, key, bound[3]?.IsTrue ?? false);
    }
}
