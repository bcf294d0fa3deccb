namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary><c>uses: NAME</c>: calls a built-in tool. Output: <c>text</c>.</summary>
/// <param name="Tool">Name of the tool.</param>
/// <param name="With">Its arguments.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record ToolAction(string Tool, MapValue With, Mark Mark) : StepAction(Mark)
{
    /// <inheritdoc/>
    public override string Key => "uses";
}
