using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Filters that apply a filter, test or attribute to every element: map, select, reject and their kin.</summary>
internal static class SelectionFilters
{
    public static readonly Dictionary<string, Filters.Filter> All = new()
    {
        ["map"] = Map,
        ["select"] = (context, value, a) => Select(context, value, a, byAttribute: false, keeps: true),
        ["reject"] = (context, value, a) => Select(context, value, a, byAttribute: false, keeps: false),
        ["selectattr"] = (context, value, a) => Select(context, value, a, byAttribute: true, keeps: true),
        ["rejectattr"] = (context, value, a) => Select(context, value, a, byAttribute: true, keeps: false),
    };

    private static ListValue Map(RenderContext context, JinjaValue value, Arguments arguments)
    {
        var elements = Elements(value);
        if (arguments.Positional.Count == 0)
        {
            var bound = arguments.Bind("map", "attribute", "default");
            var attribute = bound[0] ?? throw new JinjaError("'map' needs the name of a filter or an attribute");
            return Iterator(elements.Select(e => Access.Path(e, attribute, bound[1])));
        }
        var (filter, rest) = (Name(arguments.Positional[0]), arguments.Skip(1));
        return Iterator(elements.Select(e =>
        {
            context.Step(context.Line);
            return Filters.Apply(filter, context, e, rest);
        }));
    }

    private static ListValue Select(RenderContext context, JinjaValue value, Arguments arguments, bool byAttribute, bool keeps)
    {
        JinjaValue? attribute = null;
        if (byAttribute)
        {
            attribute = arguments.Positional.Count > 0 ? arguments.Positional[0] : throw new JinjaError("an attribute's name is needed");
            arguments = arguments.Skip(1);
        }
        var test = arguments.Positional.Count > 0 ? Name(arguments.Positional[0]) : null;
        var rest = test is null ? arguments : arguments.Skip(1);
        return Iterator(Elements(value).Where(e =>
        {
            context.Step(context.Line);
            var tested = attribute is null ? e : Access.Path(e, attribute);
            return keeps == (test is null ? tested.IsTrue : Tests.Apply(test, context, tested, rest));
        }));
    }

    // Jinja gives nothing for anything false, even what cannot be looped over.
    private static IEnumerable<JinjaValue> Elements(JinjaValue value) => value.IsTrue ? Access.Elements(value) : [];

    private static string Name(JinjaValue value) => value is StringValue name
        ? name.Value
        : throw new JinjaError($"the name of a filter or test is needed, not '{value.TypeName}'");

    private static ListValue Iterator(IEnumerable<JinjaValue> values) => new([.. values], SequenceKind.Iterator);
}
