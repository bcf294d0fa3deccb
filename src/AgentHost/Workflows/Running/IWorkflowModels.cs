using AgentRuntime.AgentHost.Conversations;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>Where the conversations of a workflow come from. A model is loaded when the first step needs it, and stays.</summary>
public interface IWorkflowModels
{
    /// <summary>Begins an empty conversation. Called by several steps at once.</summary>
    /// <param name="model">Path or name of the model; null for the usual one.</param>
    /// <param name="tools">Tools that the model is told of.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    ValueTask<IConversation> CreateConversationAsync(string? model, IReadOnlyList<AITool> tools, CancellationToken cancellationToken);
}
