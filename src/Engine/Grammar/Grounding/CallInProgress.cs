namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>What a model has written of a tool call before one of its arguments. Immutable.</summary>
public sealed class CallInProgress
{
    private static readonly Dictionary<string, string> None = [];

    private CallInProgress(string? tool, IReadOnlyDictionary<string, string> arguments, IReadOnlyList<CallInProgress> earlier) =>
        (Tool, Arguments, Earlier) = (tool, arguments, earlier);

    /// <summary>The tool; null before the first argument.</summary>
    public string? Tool { get; }

    /// <summary>The arguments that are complete: texts as they are, numbers and truth values as JSON writes them. Objects and lists are left out.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; }

    /// <summary>The calls before it in the same reply. They have not run yet.</summary>
    public IReadOnlyList<CallInProgress> Earlier { get; }

    /// <summary>Nothing of a reply's first call.</summary>
    internal static CallInProgress Start { get; } = new(null, None, []);

    /// <summary>A call as it would be, for asking a source without a model.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="arguments">The arguments that are complete.</param>
    /// <param name="earlier">The calls before it in the same reply.</param>
    public static CallInProgress Create(string tool, IReadOnlyDictionary<string, string> arguments, params IReadOnlyList<CallInProgress> earlier) => new(tool, arguments, earlier);

    /// <summary>The call with one more argument.</summary>
    internal CallInProgress With(string tool, string parameter, string value) =>
        new(tool, new Dictionary<string, string>(Arguments, StringComparer.Ordinal) { [parameter] = value }, Earlier);

    /// <summary>Nothing of the next call.</summary>
    internal CallInProgress Next() => Tool is null ? this : new(null, None, [.. Earlier, this]);
}
