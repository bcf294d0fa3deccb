using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Events;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>Everything that is recorded of a run.</summary>
/// <param name="Summary">Its line in the list.</param>
/// <param name="Opening">The first messages: system, AGENTS.md, task.</param>
/// <param name="Replies">The model's replies in order; reply i belongs to step i + 1.</param>
/// <param name="Calls">The tool calls, by step and order; calls that never started are absent.</param>
/// <param name="Timings">Timings of the steps that ended.</param>
public sealed record RecordedRun(
    RunSummary Summary, IReadOnlyList<ChatMessage> Opening, IReadOnlyList<Reply> Replies, IReadOnlyList<RecordedCall> Calls,
    IReadOnlyList<StepCompleted> Timings);
