namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>The conversation of a prompt or an agent.</summary>
/// <param name="Mode">Where it comes from.</param>
/// <param name="Name">Name of the shared conversation, or id of the step whose conversation is forked; empty for a new one.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record StepSession(SessionMode Mode, string Name, Mark Mark)
{
    /// <summary>A conversation of the step's own.</summary>
    public static StepSession New { get; } = new(SessionMode.New, "", Mark.Start);

    /// <summary>As written: <c>new</c>, <c>shared:NAME</c> or <c>fork:STEP</c>.</summary>
    public override string ToString() => Mode switch
    {
        SessionMode.Shared => "shared:" + Name,
        SessionMode.Fork => "fork:" + Name,
        _ => "new",
    };
}
