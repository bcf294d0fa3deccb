using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The filters by name.</summary>
internal static class Filters
{
    /// <summary>A filter: from the value before the bar and the arguments to a value.</summary>
    internal delegate JinjaValue Filter(RenderContext context, JinjaValue value, Arguments arguments);

    private static readonly Dictionary<string, Filter> ByName = new(
        [.. TextFilters.All, .. SequenceFilters.All, .. SelectionFilters.All, .. NumberFilters.All, .. ValueFilters.All], StringComparer.Ordinal);

    /// <summary>Whether there is a filter of this name.</summary>
    public static bool Exists(string name) => ByName.ContainsKey(name);

    /// <summary>Applies a filter.</summary>
    public static JinjaValue Apply(string name, RenderContext context, JinjaValue value, Arguments arguments) =>
        ByName.TryGetValue(name, out var filter) ? filter(context, value, arguments) : throw new JinjaError($"there is no filter '{name}'");
}
