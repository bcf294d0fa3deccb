using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Filters on lists and other things that can be looped over.</summary>
internal static class SequenceFilters
{
    public static readonly Dictionary<string, Filters.Filter> All = new()
    {
        ["batch"] = (_, value, a) => Batch(value, a.Bind("batch", "linecount", "fill_with")),
        ["count"] = (_, value, _) => Length(value),
        ["dictsort"] = (_, value, a) => DictSort(value, a.Bind("dictsort", "case_sensitive", "by", "reverse")),
        ["first"] = (_, value, _) => Access.Elements(value).FirstOrDefault() ?? new UndefinedValue("there is no first item, the list is empty"),
        ["groupby"] = (_, value, a) => GroupBy(value, a.Bind("groupby", "attribute", "default", "case_sensitive")),
        ["items"] = (_, value, _) => Items(value),
        ["join"] = (_, value, a) => Join(value, a.Bind("join", "d", "attribute")),
        ["last"] = (_, value, _) => Access.Elements(value).LastOrDefault() ?? new UndefinedValue("there is no last item, the list is empty"),
        ["length"] = (_, value, _) => Length(value),
        ["list"] = (_, value, _) => new ListValue([.. Access.Elements(value)]),
        ["max"] = (_, value, a) => Extreme(value, a.Bind("max", "case_sensitive", "attribute"), sign: 1),
        ["min"] = (_, value, a) => Extreme(value, a.Bind("min", "case_sensitive", "attribute"), sign: -1),
        ["reverse"] = (_, value, _) => Reverse(value),
        ["slice"] = (_, value, a) => Slice(value, a.Bind("slice", "slices", "fill_with")),
        ["sort"] = (_, value, a) => Sort(value, a.Bind("sort", "reverse", "case_sensitive", "attribute")),
        ["sum"] = (_, value, a) => Sum(value, a.Bind("sum", "attribute", "start")),
        ["unique"] = (_, value, a) => Unique(value, a.Bind("unique", "case_sensitive", "attribute")),
    };

    private static IntValue Length(JinjaValue value) =>
        new(value.Length ?? throw new JinjaError($"object of type '{value.TypeName}' has no length"));

    private static ListValue Items(JinjaValue value) => value switch
    {
        DictValue dict => new(dict.Pairs(), SequenceKind.Iterator),
        UndefinedValue => new([], SequenceKind.Iterator),
        _ => throw new JinjaError($"only a dictionary has items, not '{value.TypeName}'"),
    };

    private static StringValue Join(JinjaValue value, JinjaValue?[] bound)
    {
        var separator = bound[0]?.ToText() ?? "";
        var elements = Access.Elements(value);
        if (bound[1] is { } attribute) elements = elements.Select(e => Access.Path(e, attribute));
        var texts = elements.Select(e => e.ToText()).ToArray();
        TemplateLimits.CheckText(texts.Sum(t => (long)t.Length + separator.Length));
        return new(string.Join(separator, texts));
    }

    private static JinjaValue Reverse(JinjaValue value) => value is StringValue text
        ? new StringValue(string.Concat(CodePoints.Split(text.Value).Reverse()))
        : new ListValue([.. Access.Elements(value).Reverse()], SequenceKind.Iterator);

    private static ListValue Sort(JinjaValue value, JinjaValue?[] bound)
    {
        var keys = bound[2] is StringValue several
            ? several.Value.Split(',').Select(a => (JinjaValue)new StringValue(a.Trim())).ToArray()
            : bound[2] is null or NoneValue ? [] : [bound[2]!];
        var isCaseSensitive = IsSet(bound[1]);
        JinjaValue Key(JinjaValue element) => keys.Length == 0
            ? Fold(element, isCaseSensitive)
            : new ListValue([.. keys.Select(k => Fold(Access.Path(element, k), isCaseSensitive))], SequenceKind.Tuple);
        return new(Ordered(Access.Elements(value), Key, IsSet(bound[0])));
    }

    private static ListValue DictSort(JinjaValue value, JinjaValue?[] bound)
    {
        if (value is not DictValue dict) throw new JinjaError($"only a dictionary can be sorted by 'dictsort', not '{value.TypeName}'");
        var by = bound[1]?.ToText() ?? "key";
        if (by is not ("key" or "value")) throw new JinjaError("'dictsort' sorts by 'key' or 'value'");
        var isCaseSensitive = IsSet(bound[0]);
        return new(Ordered(dict.Pairs(), p => Fold(((ListValue)p).Values[by == "key" ? 0 : 1], isCaseSensitive), IsSet(bound[2])));
    }

    private static ListValue GroupBy(JinjaValue value, JinjaValue?[] bound)
    {
        var attribute = bound[0] ?? throw new JinjaError("'groupby' needs an attribute");
        var isCaseSensitive = IsSet(bound[2]);
        JinjaValue Key(JinjaValue element) => Fold(Access.Path(element, attribute, bound[1]), isCaseSensitive);
        var groups = new List<JinjaValue>();
        foreach (var group in Ordered(Access.Elements(value), Key, isReverse: false).GroupBy(Key))
        {
            var key = Access.Path(group.First(), attribute, bound[1]);
            groups.Add(new ListValue([key, new ListValue([.. group])], SequenceKind.Tuple, "grouper", "list"));
        }
        return new(groups);
    }

    private static ListValue Unique(JinjaValue value, JinjaValue?[] bound)
    {
        var isCaseSensitive = IsSet(bound[0]);
        JinjaValue Key(JinjaValue element)
        {
            var key = Fold(bound[1] is { } path ? Access.Path(element, path) : element, isCaseSensitive);
            return key.IsHashable ? key : throw new JinjaError($"a '{key.TypeName}' cannot be told apart by 'unique'");
        }
        return new([.. Access.Elements(value).DistinctBy(Key)], SequenceKind.Iterator);
    }

    private static JinjaValue Extreme(JinjaValue value, JinjaValue?[] bound, int sign)
    {
        var isCaseSensitive = IsSet(bound[0]);
        JinjaValue Key(JinjaValue element) => Fold(bound[1] is { } path ? Access.Path(element, path) : element, isCaseSensitive);
        JinjaValue? best = null;
        foreach (var element in Access.Elements(value))
        {
            if (best is null || sign * Operators.Order("<", Key(element), Key(best)) > 0) best = element;
        }
        return best ?? new UndefinedValue("there is no smallest or largest item, the list is empty");
    }

    private static JinjaValue Sum(JinjaValue value, JinjaValue?[] bound)
    {
        var total = bound[1] ?? new IntValue(0);
        foreach (var element in Access.Elements(value))
            total = Operators.Arithmetic("+", total, bound[0] is null or NoneValue ? element : Access.Path(element, bound[0]!));
        return total;
    }

    private static ListValue Batch(JinjaValue value, JinjaValue?[] bound)
    {
        var size = TextFilters.Int(bound[0], 0);
        if (size < 1) throw new JinjaError("'batch' needs a line count of at least 1");
        var batches = Access.Elements(value).Chunk(size).Select(c => new ListValue(c)).ToList<JinjaValue>();
        if (bound[1] is { } fill and not NoneValue && batches.Count > 0 && ((ListValue)batches[^1]).Values is var last)
        {
            TemplateLimits.CheckWeight(size);
            batches[^1] = new ListValue([.. last, .. Enumerable.Repeat(fill, size - last.Count)]);
        }
        return new(batches, SequenceKind.Iterator);
    }

    private static ListValue Slice(JinjaValue value, JinjaValue?[] bound)
    {
        var count = TextFilters.Int(bound[0], 0);
        if (count is < 1 or > TemplateLimits.Range) throw new JinjaError("'slice' needs a number of slices of at least 1");
        var all = Access.Elements(value).ToArray();
        var (size, longer) = Math.DivRem(all.Length, count);
        var slices = new List<JinjaValue>();
        for (int i = 0, start = 0; i < count; i++)
        {
            var length = size + (i < longer ? 1 : 0);
            var slice = all[start..(start + length)];
            slices.Add(new ListValue(bound[1] is { } fill and not NoneValue && i >= longer ? [.. slice, fill] : slice));
            start += length;
        }
        return new(slices, SequenceKind.Iterator);
    }

    private static JinjaValue[] Ordered(IEnumerable<JinjaValue> elements, Func<JinjaValue, JinjaValue> key, bool isReverse)
    {
        var order = Comparer<JinjaValue>.Create((a, b) => Operators.Order("<", a, b));
        try
        {
            // Sorting is lazy, and .NET wraps what a comparison throws.
            return [.. isReverse ? elements.OrderByDescending(key, order) : elements.OrderBy(key, order)];
        }
        catch (InvalidOperationException wrapped) when (wrapped.InnerException is JinjaError error)
        {
            throw error;
        }
    }

    private static bool IsSet(JinjaValue? value) => value?.IsTrue ?? false;

    private static JinjaValue Fold(JinjaValue value, bool isCaseSensitive) =>
        value is StringValue text && !isCaseSensitive ? new StringValue(text.Value.ToLowerInvariant()) : value;
}
