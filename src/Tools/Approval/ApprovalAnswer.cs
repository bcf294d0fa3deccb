namespace AgentRuntime.Tools.Approval;

/// <summary>What a person answered.</summary>
public sealed record ApprovalAnswer
{
    private ApprovalAnswer(bool allowed, bool remember, string? reason) =>
        (Allowed, Remember, Reason) = (allowed, remember, reason);

    /// <summary>This call may run.</summary>
    public static ApprovalAnswer Yes { get; } = new(true, false, null);

    /// <summary>This call and all of its kind may run; where the policy says so, later calls are asked about all the same.</summary>
    public static ApprovalAnswer Always { get; } = new(true, true, null);

    /// <summary>This call may not run.</summary>
    /// <param name="reason">Why; the model reads it. May be empty.</param>
    public static ApprovalAnswer No(string? reason = null) => new(false, false, reason);

    /// <summary>Whether the call may run.</summary>
    public bool Allowed { get; }

    /// <summary>Whether the answer holds for later calls of the same kind.</summary>
    public bool Remember { get; }

    /// <summary>Why the call may not run; null when none was given.</summary>
    public string? Reason { get; }
}
