namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>What steps get that do not say otherwise. The reader has put it into the steps already.</summary>
public sealed record WorkflowDefaults
{
    /// <summary>Path or name of the model; null for the command line's.</summary>
    public string? Model { get; init; }

    /// <summary>Longest time of one attempt of a step; null for none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How failed steps are tried again; null for not at all.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Most items of a <c>foreach</c> at a time.</summary>
    public int? MaxParallel { get; init; }

    /// <summary>Most tokens of a reply.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Temperature of the sampler.</summary>
    public double? Temperature { get; init; }
}
