namespace AgentRuntime.Engine.Diagnostics;

/// <summary>What <see cref="EngineBenchmark"/> measures.</summary>
public sealed record EngineBenchmarkOptions
{
    /// <summary>Lengths of the prompts to prefill, in tokens, each at least 1.</summary>
    public IReadOnlyList<int> Prompts { get; init; } = [512];

    /// <summary>Tokens to decode one by one, or 0 for no decode test.</summary>
    public int Generate { get; init; } = 64;

    /// <summary>Tokens of a batch of which every position's logits are wanted, as when a draft is verified, or 0 for no such test.</summary>
    public int Verify { get; init; }

    /// <summary>Tokens already in the KV cache when a test starts.</summary>
    public IReadOnlyList<int> Depths { get; init; } = [0];

    /// <summary>Measured runs of each test, after one that warms up.</summary>
    public int Repetitions { get; init; } = 5;

    /// <summary>Whether rows say how long each part of the passes took; runners on the processor know.</summary>
    public bool Parts { get; init; }

    /// <summary>KV blocks that the tests need; a runner is to be loaded with at least as many.</summary>
    public int KvBlocks =>
        (Depths.DefaultIfEmpty(0).Max() + Math.Max(Prompts.DefaultIfEmpty(1).Max(), Math.Max(Generate, Verify)) + Backends.RunnerOptions.BlockTokens - 1)
        / Backends.RunnerOptions.BlockTokens;
}
