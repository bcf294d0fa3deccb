namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>
/// What a step does: <see cref="ToolAction"/>, <see cref="McpAction"/>, <see cref="WorkflowAction"/>, <see cref="RunAction"/>,
/// <see cref="PromptAction"/> or <see cref="AgentAction"/>.
/// </summary>
/// <param name="Mark">Where it is written.</param>
public abstract record StepAction(Mark Mark)
{
    /// <summary>The key that it is written under: <c>uses</c>, <c>run</c>, <c>prompt</c> or <c>agent</c>.</summary>
    public abstract string Key { get; }

    /// <summary>Whether it talks to a model.</summary>
    public bool UsesModel => this is PromptAction or AgentAction;
}
