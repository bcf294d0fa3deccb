namespace AgentRuntime.Engine.Grammar;

/// <summary>What generated text must be: JSON that satisfies a schema, any JSON, one of some choices, or a match of a regular expression.</summary>
public sealed class Constraint
{
    private Constraint(ConstraintKind kind, string text) => (Kind, Text) = (kind, text);

    internal ConstraintKind Kind { get; }

    internal string Text { get; }

    internal JsonWhitespace Whitespace { get; private init; }

    internal IReadOnlyList<string> Alternatives { get; private init; } = [];

    /// <summary>Any JSON value.</summary>
    public static Constraint AnyJson { get; } = new(ConstraintKind.Schema, "true");

    /// <summary>JSON that satisfies a JSON schema (draft 2020-12; what is not supported is refused when it is compiled).</summary>
    public static Constraint JsonSchema(string schema, JsonWhitespace whitespace = JsonWhitespace.Free) =>
        new(ConstraintKind.Schema, schema) { Whitespace = whitespace };

    /// <summary>Text that an ECMA-262 regular expression matches from start to end.</summary>
    public static Constraint Regex(string pattern) => new(ConstraintKind.Regex, pattern);

    /// <summary>One of these texts; at least one, none of them empty.</summary>
    public static Constraint Choices(params IReadOnlyList<string> choices) => new(ConstraintKind.Choices, "") { Alternatives = choices };

    /// <summary>Compiles it without a vocabulary, to tell what is wrong with it before a model is there.</summary>
    /// <exception cref="GrammarException">It is broken, contradicts itself, is too large or needs what is not supported.</exception>
    public void Check() => TokenGrammar.Root(this);
}
