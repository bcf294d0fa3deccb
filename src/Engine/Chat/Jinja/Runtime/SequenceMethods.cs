using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The methods of Python's <c>list</c> and <c>tuple</c>. Those that change a list are refused, as in Jinja's immutable sandbox.</summary>
internal static class SequenceMethods
{
    /// <summary>A method of a list, or null.</summary>
    public static JinjaValue? Find(ListValue list, string name) => name switch
    {
        "count" => new FunctionValue(name, (_, a) => new IntValue(list.Values.Count(v => v.Equals(a.Bind(name, "value")[0])))),
        "index" => new FunctionValue(name, (_, a) => Index(list, a.Bind(name, "value", "start", "stop"))),
        "copy" when list.Kind == SequenceKind.List => new FunctionValue(name, (_, _) => list),
        "append" or "clear" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" when list.Kind == SequenceKind.List =>
            new UndefinedValue($"'{name}' would change a list, which a template may not; use '+' or a filter"),
        _ => null,
    };

    private static IntValue Index(ListValue list, JinjaValue?[] bound)
    {
        var (start, stop) = (TextFilters.Int(bound[1], 0), TextFilters.Int(bound[2], list.Values.Count));
        for (var i = Math.Max(0, start); i < Math.Min(stop, list.Values.Count); i++)
        {
            if (list.Values[i].Equals(bound[0])) return new(i);
        }
        throw new JinjaError("the value is not in the list");
    }
}
