using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The tests by name.</summary>
internal static class Tests
{
    private delegate bool Test(JinjaValue value, Arguments arguments);

    private static readonly Dictionary<string, Test> ByName = new(StringComparer.Ordinal)
    {
        ["boolean"] = (v, _) => v is BoolValue,
        ["callable"] = (v, _) => v is ICallable or UndefinedValue,
        ["defined"] = (v, _) => v is not UndefinedValue,
        ["divisibleby"] = (v, a) => !Operators.Arithmetic("%", v, One(a)).IsTrue,
        ["escaped"] = (v, _) => v is StringValue { IsSafe: true },
        ["even"] = (v, _) => !Operators.Arithmetic("%", v, new IntValue(2)).IsTrue,
        ["false"] = (v, _) => v is BoolValue { Value: false },
        ["filter"] = (v, _) => Filters.Exists(v.ToText()),
        ["float"] = (v, _) => v is FloatValue,
        ["in"] = (v, a) => Operators.Contains(One(a), v),
        ["integer"] = (v, _) => v is IntValue,
        ["iterable"] = (v, _) => v is ListValue or DictValue or StringValue or UndefinedValue,
        ["lower"] = (v, _) => v.ToText() is var t && t.Any(char.IsLower) && !t.Any(char.IsUpper),
        ["mapping"] = (v, _) => v is DictValue,
        ["none"] = (v, _) => v is NoneValue,
        ["number"] = (v, _) => v is IntValue or FloatValue or BoolValue,
        ["odd"] = (v, _) => Operators.Arithmetic("%", v, new IntValue(2)).Equals(new IntValue(1)),
        ["sameas"] = (v, a) => IsSame(v, One(a)),
        ["sequence"] = (v, _) => v is DictValue or StringValue or UndefinedValue || (v is ListValue && v.Length is not null),
        ["string"] = (v, _) => v is StringValue,
        ["test"] = (v, _) => Exists(v.ToText()),
        ["true"] = (v, _) => v is BoolValue { Value: true },
        ["undefined"] = (v, _) => v is UndefinedValue,
        ["upper"] = (v, _) => v.ToText() is var t && t.Any(char.IsUpper) && !t.Any(char.IsLower),
        ["=="] = Comparison("=="),
        ["eq"] = Comparison("=="),
        ["equalto"] = Comparison("=="),
        ["!="] = Comparison("!="),
        ["ne"] = Comparison("!="),
        [">"] = Comparison(">"),
        ["gt"] = Comparison(">"),
        ["greaterthan"] = Comparison(">"),
        [">="] = Comparison(">="),
        ["ge"] = Comparison(">="),
        ["<"] = Comparison("<"),
        ["lt"] = Comparison("<"),
        ["lessthan"] = Comparison("<"),
        ["<="] = Comparison("<="),
        ["le"] = Comparison("<="),
    };

    /// <summary>Whether there is a test of this name.</summary>
    public static bool Exists(string name) => ByName.ContainsKey(name);

    /// <summary>Applies a test.</summary>
    public static bool Apply(string name, RenderContext context, JinjaValue value, Arguments arguments) =>
        ByName.TryGetValue(name, out var test) ? test(value, arguments) : throw new JinjaError($"there is no test '{name}'");

    private static Test Comparison(string op) => (value, arguments) => Operators.Compare(op, value, One(arguments));

    private static JinjaValue One(Arguments arguments) => arguments.Positional.Count == 1
        ? arguments.Positional[0]
        : throw new JinjaError("the test needs one argument");

    // Python's identity: scalars that are shared there, and otherwise the same object.
    private static bool IsSame(JinjaValue left, JinjaValue right) => ReferenceEquals(left, right)
        || (left is IntValue or StringValue && left.GetType() == right.GetType() && left.Equals(right));
}
