namespace AgentRuntime.Comparison;

/// <summary>What is compared, and how often.</summary>
public sealed record ComparisonOptions
{
    /// <summary>Where models are kept when nothing else is said: outside the repository.</summary>
    public static string DefaultCache => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "agentrt", "bench");

    /// <summary>Rounds of prefill and decode tests; in each both engines run once, after a run that warms up.</summary>
    public required int Rounds { get; init; }

    /// <summary>Rounds of agent steps.</summary>
    public required int StepRounds { get; init; }

    /// <summary>Compute threads of both engines.</summary>
    public required int Threads { get; init; }

    /// <summary>Tokens in the KV cache of the deep tests.</summary>
    public required int Depth { get; init; }

    /// <summary>START,NEW,OUT,STEPS of the agent steps.</summary>
    public required string Profile { get; init; }

    /// <summary>How long to wait for a quiet machine before each test.</summary>
    public required TimeSpan Patience { get; init; }

    /// <summary>The models.</summary>
    public required IReadOnlyList<ModelChoice> Models { get; init; }

    /// <summary>Folder of the models.</summary>
    public required string Cache { get; init; }

    /// <summary>A file of measurements to go on from, or null to start anew.</summary>
    public string? Resume { get; init; }

    /// <summary>Folder of the report.</summary>
    public required string Output { get; init; }
}
