namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>How a step ended; in expressions the name in lower case, <c>steps.ID.outcome</c>.</summary>
public enum StepOutcome
{
    /// <summary>It did what it was to do.</summary>
    Success,

    /// <summary>It failed, after all attempts.</summary>
    Failure,

    /// <summary>It did not run: its <c>if</c> was false, or a step that it needs failed.</summary>
    Skipped,
}
