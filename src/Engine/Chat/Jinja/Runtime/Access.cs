using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>How values are taken apart: attributes, items, slices, iteration.</summary>
internal static class Access
{
    /// <summary><c>value.name</c>: an attribute, else the item of that name.</summary>
    public static JinjaValue Attribute(JinjaValue value, string name)
    {
        UndefinedValue.Refuse(value);
        return value.Attribute(name) ?? value.Item(new StringValue(name)) ?? new UndefinedValue($"'{value.TypeName}' object has no attribute '{name}'");
    }

    /// <summary><c>value[key]</c>: an item, else the attribute of that name.</summary>
    public static JinjaValue Item(JinjaValue value, JinjaValue key)
    {
        UndefinedValue.Refuse(value);
        var item = value.Item(key) ?? (key is StringValue name ? value.Attribute(name.Value) : null);
        return item ?? new UndefinedValue(key is StringValue text
            ? $"'{value.TypeName}' object has no attribute '{text.Value}'"
            : $"'{value.TypeName}' object has no element {key.ToText()}");
    }

    /// <summary>A dotted path such as <c>function.name</c> or <c>0.id</c>, as filters take it in <c>attribute=</c>.</summary>
    public static JinjaValue Path(JinjaValue value, JinjaValue path, JinjaValue? fallback = null)
    {
        if (path is not StringValue text) return Item(value, path);
        foreach (var part in text.Value.Split('.'))
        {
            value = Item(value, int.TryParse(part, out var index) ? new IntValue(index) : new StringValue(part));
            if (value is UndefinedValue && fallback is not null) return fallback;
        }
        return value;
    }

    /// <summary><c>value[start:stop:step]</c>.</summary>
    public static JinjaValue Slice(JinjaValue value, JinjaValue? start, JinjaValue? stop, JinjaValue? step)
    {
        UndefinedValue.Refuse(value);
        var stride = Bound(step) ?? 1;
        if (stride == 0) throw new JinjaError("a slice cannot have step 0");
        if (value is ListValue { Kind: not SequenceKind.Iterator } list)
            return new ListValue([.. Indexes(list.Values.Count, Bound(start), Bound(stop), stride).Select(i => list.Values[i])], list.Kind);
        if (value is not StringValue text) throw new JinjaError($"'{value.TypeName}' object cannot be sliced");
        if (stride == 1)
        {
            var (from, to) = Range(text.Length!.Value, Bound(start), Bound(stop), 1);
            if (from >= to) return StringValue.Empty;
            var first = CodePoints.Position(text.Value, from);
            return new StringValue(text.Value[first..CodePoints.Position(text.Value, to)]);
        }
        var characters = CodePoints.Split(text.Value).ToArray();
        return new StringValue(string.Concat(Indexes(characters.Length, Bound(start), Bound(stop), stride).Select(i => characters[i])));
    }

    /// <summary>What a loop or filter runs over.</summary>
    public static IEnumerable<JinjaValue> Elements(JinjaValue value) =>
        value.Elements ?? throw new JinjaError($"'{value.TypeName}' object is not iterable");

    private static int? Bound(JinjaValue? value)
    {
        if (value is null or NoneValue) return null;
        UndefinedValue.Refuse(value);
        return Numbers.AsIndex(value) ?? throw new JinjaError($"a slice needs whole numbers, not '{value.TypeName}'");
    }

    private static (int From, int To) Range(int length, int? start, int? stop, int step)
    {
        var (low, high) = step > 0 ? (0, length) : (-1, length - 1);
        int Clamp(int? bound, int missing) =>
            bound is not { } b ? missing : Math.Clamp(b < 0 ? b + length : b, low, high);
        return step > 0 ? (Clamp(start, 0), Clamp(stop, length)) : (Clamp(start, length - 1), Clamp(stop, -1));
    }

    private static IEnumerable<int> Indexes(int length, int? start, int? stop, int step)
    {
        var (from, to) = Range(length, start, stop, step);
        for (long i = from; step > 0 ? i < to : i > to; i += step) yield return (int)i;
    }
}
