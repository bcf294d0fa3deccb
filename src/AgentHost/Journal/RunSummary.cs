namespace AgentRuntime.AgentHost.Journal;

/// <summary>A line of the list of runs.</summary>
/// <param name="Id">Id of the run.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="UpdatedAt">When it last wrote to the journal.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Repository">Root of its repository.</param>
/// <param name="Model">Model as given: path or name.</param>
/// <param name="Task">The task.</param>
/// <param name="Steps">Steps recorded.</param>
/// <param name="Answer">Its answer or the reason for its failure, when it ended.</param>
public sealed record RunSummary(
    string Id, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, RunStatus Status, string Repository, string Model, string Task,
    int Steps, string? Answer);
