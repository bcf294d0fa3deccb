using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The functions that every template can call: Jinja's, and the two that Hugging Face adds.</summary>
internal static class Globals
{
    /// <summary>Sets them in a scope.</summary>
    public static void Define(Scope scope)
    {
        void Add(string name, Func<RenderContext, Arguments, JinjaValue> body) => scope.Set(name, new FunctionValue(name, body));
        Add("range", (_, arguments) => Range(arguments));
        Add("dict", (_, arguments) => Dict(arguments));
        Add("namespace", (_, arguments) => Namespace(arguments));
        Add("cycler", (_, arguments) => new CyclerValue(arguments.Positional));
        Add("joiner", (_, arguments) => Joiner(arguments.Bind("joiner", "sep")[0]));
        Add("raise_exception", (_, arguments) => throw new JinjaError(arguments.Bind("raise_exception", "message")[0]?.ToText() ?? ""));
        Add("strftime_now", (context, arguments) => new StringValue(Strftime.Format(
            context.Clock.GetLocalNow(), arguments.Bind("strftime_now", "format")[0]?.ToText() ?? throw new JinjaError("'strftime_now' needs a format"))));
    }

    /// <summary>Named arguments as a dictionary.</summary>
    public static DictValue ToDict(OrderedDictionary<string, JinjaValue> named)
    {
        var entries = new OrderedDictionary<JinjaValue, JinjaValue>();
        foreach (var (name, value) in named) entries[new StringValue(name)] = value;
        return new(entries);
    }

    private static ListValue Range(Arguments arguments)
    {
        var bound = arguments.Bind("range", "start", "stop", "step").TakeWhile(v => v is not null).Select(v => TextFilters.Int(v, 0)).ToArray();
        if (bound.Length == 0) throw new JinjaError("'range' needs a number");
        var (start, stop, step) = bound.Length == 1 ? (0, bound[0], 1) : (bound[0], bound[1], bound.Length == 3 ? bound[2] : 1);
        if (step == 0) throw new JinjaError("'range' cannot have step 0");
        var count = Math.Max(0, step > 0 ? ((long)stop - start + step - 1) / step : ((long)start - stop - step - 1) / -step);
        if (count > TemplateLimits.Range) throw new JinjaError($"a range has at most {TemplateLimits.Range} elements");
        return new([.. Enumerable.Range(0, (int)count).Select(i => new IntValue(start + ((long)i * step)))]);
    }

    private static DictValue Dict(Arguments arguments)
    {
        if (arguments.Positional.Count > 1) throw new JinjaError("'dict' takes one value and named arguments");
        var entries = new OrderedDictionary<JinjaValue, JinjaValue>();
        if (arguments.Positional.Count == 1)
        {
            var pairs = arguments.Positional[0] is DictValue dict ? dict.Pairs() : Access.Elements(arguments.Positional[0]);
            foreach (var pair in pairs)
            {
                var both = Access.Elements(pair).ToArray();
                if (both.Length != 2 || !both[0].IsHashable) throw new JinjaError("'dict' needs pairs of a key and a value");
                entries[both[0]] = both[1];
            }
        }
        foreach (var (name, value) in arguments.Named) entries[new StringValue(name)] = value;
        return new DictValue(entries);
    }

    private static NamespaceValue Namespace(Arguments arguments)
    {
        var result = new NamespaceValue();
        foreach (var (name, value) in Dict(arguments).Entries) result.Set(name.ToText(), value);
        return result;
    }

    private static FunctionValue Joiner(JinjaValue? separator)
    {
        var isUsed = false;
        return new("joiner", (_, _) =>
        {
            if (isUsed) return separator ?? new StringValue(", ");
            isUsed = true;
            return StringValue.Empty;
        });
    }
}
