using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>Adds up what a step's models cost. Safe for use at the same time.</summary>
internal sealed class StepMeter
{
    private readonly Lock _gate = new();

    public StepCost Cost { get; private set; } = StepCost.None;

    /// <summary>A reply. What it computed comes with its conversation's, see <see cref="AddComputed"/>.</summary>
    public void AddReply(Usage usage) => Add(new(1, usage.PromptTokens, usage.CachedTokens, usage.OutputTokens, 0));

    public void AddComputed(long tokens) => Add(StepCost.None with { ComputedTokens = tokens });

    public void Add(StepCost cost)
    {
        using (_gate.EnterScope()) Cost += cost;
    }
}
