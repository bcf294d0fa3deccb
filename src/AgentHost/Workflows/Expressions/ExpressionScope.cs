using System.Collections.Immutable;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>What expressions at one place may refer to.</summary>
/// <param name="Roots">The roots of paths, and what is known of their values.</param>
public sealed record ExpressionScope(ImmutableSortedDictionary<string, ExpressionType> Roots)
{
    /// <summary>A scope without roots.</summary>
    public static ExpressionScope Empty { get; } = new(ImmutableSortedDictionary.Create<string, ExpressionType>(StringComparer.Ordinal));

    /// <summary>Says why a step may not be referred to; null where it is simply not there.</summary>
    public Func<string, string?> ExplainStep { get; init; } = _ => null;

    /// <summary>The same with one more root, or with another type for it.</summary>
    public ExpressionScope With(string root, ExpressionType type) => this with { Roots = Roots.SetItem(root, type) };
}
