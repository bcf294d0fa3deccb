using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Python's <c>dict</c>: keeps the order in which keys came.</summary>
internal sealed class DictValue : JinjaValue
{
    public DictValue(OrderedDictionary<JinjaValue, JinjaValue> entries)
    {
        var (weight, depth) = (1L, 0);
        foreach (var (key, value) in entries)
        {
            weight = TemplateLimits.CheckWeight(weight + key.Weight + value.Weight);
            depth = Math.Max(depth, Math.Max(key.Depth, value.Depth));
        }
        if (depth >= TemplateLimits.ValueDepth) throw new JinjaError($"a value nests deeper than {TemplateLimits.ValueDepth} levels");
        (Entries, Weight, Depth) = (entries, weight, depth + 1);
    }

    public OrderedDictionary<JinjaValue, JinjaValue> Entries { get; }

    public override string TypeName => "dict";

    public override bool IsTrue => Entries.Count > 0;

    public override long Weight { get; }

    public override int Depth { get; }

    public override int? Length => Entries.Count;

    public override IEnumerable<JinjaValue> Elements => Entries.Keys;

    public override bool IsHashable => false;

    public override JinjaValue? Attribute(string name) => DictMethods.Find(this, name);

    public override JinjaValue? Item(JinjaValue key) => key.IsHashable && Entries.TryGetValue(key, out var value) ? value : null;

    /// <summary>The entries as Python's <c>items()</c> gives them.</summary>
    public IReadOnlyList<JinjaValue> Pairs() =>
        [.. Entries.Select(e => new ListValue([e.Key, e.Value], SequenceKind.Tuple))];

    public override bool Equals(JinjaValue? other)
    {
        if (other is not DictValue dict || dict.Entries.Count != Entries.Count) return false;
        foreach (var (key, value) in Entries)
        {
            if (!dict.Entries.TryGetValue(key, out var found) || !found.Equals(value)) return false;
        }
        return true;
    }

    public override int GetHashCode() => Entries.Count;

    public override void WriteRepr(StringBuilder output)
    {
        output.Append('{');
        var first = true;
        foreach (var (key, value) in Entries)
        {
            if (!first) output.Append(", ");
            first = false;
            key.WriteRepr(output);
            output.Append(": ");
            value.WriteRepr(output);
        }
        output.Append('}');
    }
}
