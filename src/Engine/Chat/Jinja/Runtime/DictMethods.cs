using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The methods of Python's <c>dict</c>. Those that change it are refused, as in Jinja's immutable sandbox.</summary>
internal static class DictMethods
{
    /// <summary>A method of a dictionary, or null.</summary>
    public static JinjaValue? Find(DictValue dict, string name) => name switch
    {
        "items" => new FunctionValue(name, (_, _) => new ListValue(dict.Pairs())),
        "keys" => new FunctionValue(name, (_, _) => new ListValue([.. dict.Entries.Keys])),
        "values" => new FunctionValue(name, (_, _) => new ListValue([.. dict.Entries.Values])),
        "get" => new FunctionValue(name, (_, arguments) =>
        {
            var bound = arguments.Bind("get", "key", "default");
            if (bound[0] is null) throw new JinjaError("'get' needs a key");
            return dict.Item(bound[0]!) ?? bound[1] ?? NoneValue.Instance;
        }),
        "copy" => new FunctionValue(name, (_, _) => dict),
        "clear" or "pop" or "popitem" or "setdefault" or "update" =>
            new UndefinedValue($"'{name}' would change a dictionary, which a template may not; make a new one with dict()"),
        _ => null,
    };
}
