namespace AgentRuntime.AgentHost;

/// <summary>Limits of a run.</summary>
public sealed record AgentOptions
{
    /// <summary>Most steps (replies of the model); at least 1.</summary>
    public int MaxSteps { get; init; } = 50;

    /// <summary>Most tokens in the conversation, or 0 for what the model's context holds.</summary>
    public int TokenBudget { get; init; }

    /// <summary>How often in a row the same call may be made before the run ends: it is refused once, then ends the run.</summary>
    public int SameCallLimit { get; init; } = 3;

    /// <summary>How many replies in a row may hold nothing but tool calls that cannot be read; one more ends the run. Each of them is answered with what is wrong.</summary>
    public int UnreadableReplyLimit { get; init; } = 3;

    /// <summary>Longest time of one tool call, unless the tool sets its own.</summary>
    public TimeSpan ToolTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether spans hold what was said: the task, replies, and arguments and results of tool calls. See <see cref="Diagnostics.AgentDiagnostics"/>.</summary>
    public bool RecordContents { get; init; }
}
