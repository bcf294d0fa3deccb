using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>
/// The values that expressions see, by their root: <c>inputs</c>, <c>env</c>, <c>secrets</c> (maps), <c>steps</c> (a map of
/// <c>{outputs, outcome}</c> by id), <c>item</c> and <c>index</c> in a <c>foreach</c>, <c>result</c> in a step's outputs.
/// A value is shared by everybody who holds the context: nobody may change it.
/// </summary>
public sealed class ExpressionContext
{
    private readonly ImmutableDictionary<string, JsonNode?> _roots;

    private ExpressionContext(ImmutableDictionary<string, JsonNode?> roots) => _roots = roots;

    /// <summary>A context without values.</summary>
    public static ExpressionContext Empty { get; } = new(ImmutableDictionary.Create<string, JsonNode?>(StringComparer.Ordinal));

    /// <summary>The same with one more root, or with another value for it.</summary>
    public ExpressionContext With(string root, JsonNode? value) => new(_roots.SetItem(root, value));

    /// <summary>Whether a root has a value, which may be null.</summary>
    public bool Has(string root) => _roots.ContainsKey(root);

    /// <summary>The value of a root; null for one that is not there.</summary>
    public JsonNode? this[string root] => _roots.GetValueOrDefault(root);
}
