using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Python's <c>list</c>, <c>tuple</c>, or what an iterator would still give.</summary>
internal sealed class ListValue : JinjaValue
{
    private readonly string[] _fields;
    private int _taken;

    /// <summary>Creates it.</summary>
    /// <param name="values">The elements; not to be changed afterwards.</param>
    /// <param name="kind">Which sequence it is.</param>
    /// <param name="fields">Names of the elements of a named tuple.</param>
    public ListValue(IReadOnlyList<JinjaValue> values, SequenceKind kind = SequenceKind.List, params string[] fields)
    {
        _fields = fields;
        var (weight, depth) = (1L, 0);
        foreach (var value in values)
        {
            weight = TemplateLimits.CheckWeight(weight + value.Weight);
            depth = Math.Max(depth, value.Depth);
        }
        if (depth >= TemplateLimits.ValueDepth) throw new JinjaError($"a value nests deeper than {TemplateLimits.ValueDepth} levels");
        (Values, Kind, Weight, Depth) = (values, kind, weight, depth + 1);
    }

    public IReadOnlyList<JinjaValue> Values { get; }

    public SequenceKind Kind { get; }

    public override string TypeName => Kind switch { SequenceKind.List => "list", SequenceKind.Tuple => "tuple", _ => "generator" };

    public override bool IsTrue => Kind == SequenceKind.Iterator || Values.Count > 0;

    public override long Weight { get; }

    public override int Depth { get; }

    public override int? Length => Kind == SequenceKind.Iterator ? null : Values.Count;

    public override IEnumerable<JinjaValue> Elements => Kind == SequenceKind.Iterator ? Remaining() : Values;

    public override bool IsHashable => Kind != SequenceKind.List && Values.All(v => v.IsHashable);

    public override JinjaValue? Attribute(string name)
    {
        if (Kind == SequenceKind.Iterator) return null;
        var field = Array.IndexOf(_fields, name);
        return field >= 0 ? Values[field] : SequenceMethods.Find(this, name);
    }

    public override JinjaValue? Item(JinjaValue key)
    {
        if (Kind == SequenceKind.Iterator || Numbers.AsIndex(key) is not { } index) return null;
        if (index < 0) index += Values.Count;
        return index >= 0 && index < Values.Count ? Values[index] : null;
    }

    public override bool Equals(JinjaValue? other) =>
        other is ListValue list && list.Kind == Kind && (ReferenceEquals(this, other)
            || (Kind != SequenceKind.Iterator && list.Values.SequenceEqual(Values)));

    public override int GetHashCode() => Values.Aggregate((int)Kind, HashCode.Combine);

    public override void WriteRepr(StringBuilder output)
    {
        if (Kind == SequenceKind.Iterator)
        {
            output.Append("<generator object>");
            return;
        }
        output.Append(Kind == SequenceKind.Tuple ? '(' : '[');
        for (var i = 0; i < Values.Count; i++)
        {
            if (i > 0) output.Append(", ");
            Values[i].WriteRepr(output);
        }
        if (Kind == SequenceKind.Tuple && Values.Count == 1) output.Append(',');
        output.Append(Kind == SequenceKind.Tuple ? ')' : ']');
    }

    // An iterator gives each element once, however many loops ask it.
    private IEnumerable<JinjaValue> Remaining()
    {
        while (_taken < Values.Count) yield return Values[_taken++];
    }
}
