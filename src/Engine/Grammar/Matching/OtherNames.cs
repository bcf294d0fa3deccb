using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>Names that an object does not declare, told apart by the patterns that they match.</summary>
/// <param name="product">Reads the names; a label is the set of the patterns that match.</param>
/// <param name="values">What values may be, by the label of the name.</param>
internal sealed class OtherNames(PatternProduct product, IReadOnlyDictionary<int, Node> values)
{
    private readonly int[] _labels = [.. values.Keys];
    private ProductAutomaton? _names;

    /// <summary>The values in the order of their classes.</summary>
    public Node Value(int index) => values[_labels[index]];

    /// <summary>Whether any name has a possible value.</summary>
    public bool IsPossible => values.Values.Any(value => value.IsPossible);

    /// <summary>The names with possible values. Only once it is known what is possible.</summary>
    public ProductAutomaton Names => _names ??= new(product, label => values.TryGetValue(label, out var value) && value.IsPossible);

    /// <summary>The class of a name that ends in a state of <see cref="Names"/>.</summary>
    public int Class(int state) => Array.IndexOf(_labels, Names.Label(state));

    /// <summary>The labels that names may have.</summary>
    public static IEnumerable<int> Labels(PatternProduct product) => Enumerable.Range(0, product.Count).Select(product.Label).Where(label => label >= 0).Distinct();
}
