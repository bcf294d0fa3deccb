using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>A recorded run of a workflow.</summary>
/// <param name="Id">Its id.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="UpdatedAt">When its status last changed.</param>
/// <param name="Status">How it stands.</param>
/// <param name="File">Full path of the workflow's file.</param>
/// <param name="Repository">Full path of the repository that it works on.</param>
/// <param name="Model">Model as given, path or name; null when none was.</param>
/// <param name="Inputs">Its inputs, with the defaults.</param>
/// <param name="Message">Why it failed, when it did.</param>
public sealed record RecordedWorkflow(
    string Id, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, RunStatus Status, string File, string Repository, string? Model, JsonObject Inputs, string? Message);
