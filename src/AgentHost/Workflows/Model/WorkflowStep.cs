using AgentRuntime.AgentHost.Workflows.Expressions;

namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>A step. Defaults of the workflow are already in it.</summary>
public sealed record WorkflowStep
{
    /// <summary>Its id, unique in the workflow.</summary>
    public required string Id { get; init; }

    /// <summary>Where the id is written.</summary>
    public Mark Mark { get; init; }

    /// <summary>Its name for people, or null.</summary>
    public string? Name { get; init; }

    /// <summary>What it does: <c>uses</c>, <c>run</c>, <c>prompt</c> or <c>agent</c>.</summary>
    public required StepAction Action { get; init; }

    /// <summary>The steps that must have succeeded, been skipped, or failed with <see cref="ContinueOnError"/>, before this one.</summary>
    public IReadOnlyList<NameReference> Needs { get; init; } = [];

    /// <summary>A boolean; the step is skipped when it is false. Asked once, before <see cref="ForEach"/>.</summary>
    public Expression? If { get; init; }

    /// <summary>A list; the step runs once for each entry, which expressions see as <c>item</c>, with its <c>index</c> from 0.</summary>
    public WorkflowValue? ForEach { get; init; }

    /// <summary>Most items of <see cref="ForEach"/> at a time; null for the runner's own limit.</summary>
    public int? MaxParallel { get; init; }

    /// <summary>How it is tried again when it fails; null for not at all.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Longest time of one attempt (of one item); null for none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether the steps that need it run although it failed; they see what it gave until then, or null.</summary>
    public bool ContinueOnError { get; init; }

    /// <summary>Further outputs, computed from <c>result</c> when the step has succeeded.</summary>
    public IReadOnlyList<NamedValue> Outputs { get; init; } = [];

    /// <summary>Environment variables of a command, above the workflow's.</summary>
    public IReadOnlyList<NamedValue> Env { get; init; } = [];

    /// <summary>The conversation of a prompt or an agent.</summary>
    public StepSession Session { get; init; } = StepSession.New;

    /// <summary>Path or name of the model of a prompt or an agent; null for the command line's.</summary>
    public string? Model { get; init; }

    /// <summary>
    /// What decides what the step gives, as written and with the defaults that hold for it, as JSON on one line. For hashes:
    /// timeouts, retries and names are not in it, so that they may change before a run is resumed.
    /// </summary>
    public string Definition { get; init; } = "";

    /// <summary>What to show for it: its name, or else its id.</summary>
    public string Title => Name ?? Id;
}
