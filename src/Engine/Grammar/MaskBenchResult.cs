namespace AgentRuntime.Engine.Grammar;

/// <summary>How a schema did: what was classified how, and what it cost. Instances of a refused schema count as rejected.</summary>
public sealed record MaskBenchResult
{
    /// <summary>Name of the file.</summary>
    public required string File { get; init; }

    /// <summary>Milliseconds to compile the schema, or to refuse it.</summary>
    public double CompileMs { get; init; }

    /// <summary>Microseconds of each mask.</summary>
    public IReadOnlyList<double> MaskUs { get; init; } = [];

    /// <summary>Valid instances accepted.</summary>
    public int ValidAccepted { get; init; }

    /// <summary>Valid instances rejected.</summary>
    public int ValidRejected { get; init; }

    /// <summary>Invalid instances accepted.</summary>
    public int InvalidAccepted { get; init; }

    /// <summary>Invalid instances rejected.</summary>
    public int InvalidRejected { get; init; }

    /// <summary>Why the schema was refused, or null.</summary>
    public string? Unsupported { get; init; }
}
