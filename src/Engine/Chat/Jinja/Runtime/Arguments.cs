using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The arguments of a call, evaluated.</summary>
internal sealed class Arguments(IReadOnlyList<JinjaValue> positional, OrderedDictionary<string, JinjaValue> named)
{
    public static readonly Arguments None = new([], []);

    public IReadOnlyList<JinjaValue> Positional => positional;

    public OrderedDictionary<string, JinjaValue> Named => named;

    /// <summary>Only these positional arguments.</summary>
    public static Arguments Of(params JinjaValue[] values) => new(values, []);

    /// <summary>Puts the arguments in the order of a function's parameters.</summary>
    /// <returns>One entry per parameter, null where nothing was given.</returns>
    public JinjaValue?[] Bind(string function, params ReadOnlySpan<string> parameters)
    {
        if (positional.Count > parameters.Length)
            throw new JinjaError($"{function} takes at most {parameters.Length} arguments, not {positional.Count}");
        var bound = new JinjaValue?[parameters.Length];
        for (var i = 0; i < positional.Count; i++) bound[i] = positional[i];
        foreach (var (name, value) in named)
        {
            var index = parameters.IndexOf(name);
            if (index < 0) throw new JinjaError($"{function} has no argument '{name}'");
            if (bound[index] is not null) throw new JinjaError($"{function} got argument '{name}' twice");
            bound[index] = value;
        }
        return bound;
    }

    /// <summary>The arguments after the first <paramref name="count"/> positional ones.</summary>
    public Arguments Skip(int count) => new([.. positional.Skip(count)], named);
}
