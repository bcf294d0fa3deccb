using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>A node of the YAML file.</summary>
/// <param name="Mark">Where it starts.</param>
internal abstract record SourceNode(Mark Mark)
{
    /// <summary>For sentences: "a list".</summary>
    public abstract string Noun { get; }
}

/// <summary>A scalar.</summary>
/// <param name="Text">Its text.</param>
/// <param name="IsPlain">Whether it has neither quotes nor a block's sign: only then it may be a number, a boolean or null.</param>
/// <param name="Start">Offset of its first character in the file.</param>
/// <param name="End">Offset behind its last one.</param>
/// <param name="Mark">Where it starts.</param>
internal sealed record SourceScalar(string Text, bool IsPlain, int Start, int End, Mark Mark) : SourceNode(Mark)
{
    public override string Noun => ScalarValues.Of(this) switch
    {
        null => "nothing",
        _ when string.IsNullOrWhiteSpace(Text) => "empty text",
        var value => Expressions.ExpressionType.Of(value).ToString(),
    };
}

/// <summary>A list.</summary>
internal sealed record SourceList(IReadOnlyList<SourceNode> Items, Mark Mark) : SourceNode(Mark)
{
    public override string Noun => Items.Count == 0 ? "an empty list" : "a list";
}

/// <summary>A map; no key twice.</summary>
internal sealed record SourceMap(IReadOnlyList<SourceEntry> Entries, Mark Mark) : SourceNode(Mark)
{
    public override string Noun => Entries.Count == 0 ? "an empty map" : "a map";
}

/// <summary>A map's entry.</summary>
internal sealed record SourceEntry(string Key, Mark Mark, SourceNode Value);
