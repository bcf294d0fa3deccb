namespace AgentRuntime.Engine.Models;

/// <summary>What sets one transformer family apart from another in its files.</summary>
/// <param name="Architecture">The family as GGUF names it.</param>
/// <param name="RopeHalfSplit">How GGUF files of it order rope's pairs, see <see cref="ModelConfig.RopeHalfSplit"/>.</param>
/// <param name="QkNorm">Whether each query and key head is normalised.</param>
/// <param name="QkvBias">Whether queries, keys and values have a bias: yes, no, or either (null).</param>
/// <param name="Experts">Whether the feed-forward layers consist of experts: yes, no, or either (null).</param>
internal sealed record ModelFamily(string Architecture, bool RopeHalfSplit, bool QkNorm, bool? QkvBias, bool? Experts)
{
    /// <summary>The supported families.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        new("llama", RopeHalfSplit: false, QkNorm: false, QkvBias: null, Experts: null),
        new("qwen2", RopeHalfSplit: true, QkNorm: false, QkvBias: true, Experts: false),
        new("qwen3", RopeHalfSplit: true, QkNorm: true, QkvBias: false, Experts: false),
        new("qwen3moe", RopeHalfSplit: true, QkNorm: true, QkvBias: false, Experts: true),
    ];

    /// <summary>The names of the supported families, for messages.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(family => family.Architecture));

    /// <summary>The family of that name, or null when it is not supported.</summary>
    public static ModelFamily? Find(string architecture) => All.FirstOrDefault(family => family.Architecture == architecture);
}
