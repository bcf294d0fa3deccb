using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>The arguments of a call as they are written: <c>(a, name=b, *list, **dict)</c>.</summary>
internal sealed record CallArguments(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? List, Expression? Dict)
{
    public static readonly CallArguments None = new([], [], null, null);

    /// <summary>Evaluates them in order.</summary>
    public Arguments Evaluate(RenderContext context)
    {
        if (ReferenceEquals(this, None)) return Arguments.None;
        var positional = Positional.Select(p => p.Evaluate(context)).ToList();
        var named = new OrderedDictionary<string, JinjaValue>(StringComparer.Ordinal);
        foreach (var (name, value) in Named) Add(named, name, value.Evaluate(context));
        if (List is not null) positional.AddRange(Access.Elements(List.Evaluate(context)));
        if (Dict is null) return new(positional, named);
        if (Dict.Evaluate(context) is not DictValue dict) throw new JinjaError("only a dictionary can follow '**' in a call");
        foreach (var (key, value) in dict.Entries) Add(named, key.ToText(), value);
        return new(positional, named);
    }

    private static void Add(OrderedDictionary<string, JinjaValue> named, string name, JinjaValue value)
    {
        if (!named.TryAdd(name, value)) throw new JinjaError($"argument '{name}' is given twice");
    }
}
