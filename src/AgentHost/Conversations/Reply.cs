using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Conversations;

/// <summary>A whole reply of the model.</summary>
/// <param name="Message">Text, reasoning and tool calls; a malformed call has its <see cref="FunctionCallContent.Exception"/> set.</param>
/// <param name="TokenIds">The ids that the model generated, in order; empty for a remote model.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="Usage">What it cost.</param>
public sealed record Reply(ChatMessage Message, IReadOnlyList<int> TokenIds, FinishReason FinishReason, Usage Usage)
{
    /// <summary>The tool calls, in order.</summary>
    public IEnumerable<FunctionCallContent> Calls => Message.Contents.OfType<FunctionCallContent>();
}
