using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Filters on any value.</summary>
internal static class ValueFilters
{
    public static readonly Dictionary<string, Filters.Filter> All = new()
    {
        ["attr"] = (_, value, a) => Attr(value, a.Bind("attr", "name")[0]),
        ["d"] = (_, value, a) => Default(value, a.Bind("default", "default_value", "boolean")),
        ["default"] = (_, value, a) => Default(value, a.Bind("default", "default_value", "boolean")),
        ["tojson"] = (_, value, a) => new StringValue(
            JsonText.Write(value, JsonStyle.Of(a.Bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys")))),
    };

    private static JinjaValue Default(JinjaValue value, JinjaValue?[] bound) =>
        value is UndefinedValue || (!value.IsTrue && (bound[1]?.IsTrue ?? false)) ? bound[0] ?? StringValue.Empty : value;

    // Only real attributes, never items: what tells it from a dot.
    private static JinjaValue Attr(JinjaValue value, JinjaValue? name)
    {
        UndefinedValue.Refuse(value);
        var text = name?.ToText() ?? throw new JinjaError("'attr' needs a name");
        return value.Attribute(text) ?? new UndefinedValue($"'{value.TypeName}' object has no attribute '{text}'");
    }

    /// <summary>Python's <c>repr(value)</c>.</summary>
    public static StringValue Repr(JinjaValue value)
    {
        var output = new System.Text.StringBuilder();
        value.WriteRepr(output);
        return new(output.ToString());
    }
}
