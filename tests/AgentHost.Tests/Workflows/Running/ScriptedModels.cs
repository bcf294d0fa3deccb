using System.Collections.Concurrent;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Workflows.Running;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests.Workflows.Running;

/// <summary>Models that say what a test wants: a function from the conversation so far to the next reply.</summary>
internal sealed class ScriptedModels(Func<IReadOnlyList<ChatMessage>, ChatMessage> script) : IWorkflowModels
{
    /// <summary>Answers each prompt with its number of messages and its last words: <c>2: text</c>.</summary>
    public static ScriptedModels Echo() => new(messages => ScriptedConversation.Text($"{messages.Count}: {messages[^1].Text}"));

    /// <summary>The conversations that were begun, with the tools that they were told of.</summary>
    public ConcurrentQueue<(ScriptedConversation Conversation, string Tools)> Created { get; } = [];

    /// <summary>How many replies were asked for, in these conversations and in forks of them.</summary>
    public int Asked { get; private set; }

    public ValueTask<IConversation> CreateConversationAsync(string? model, IReadOnlyList<AITool> tools, CancellationToken cancellationToken)
    {
        var conversation = new ScriptedConversation(messages =>
        {
            lock (this) Asked++;
            return script(messages);
        });
        Created.Enqueue((conversation, string.Join(",", tools.Select(t => t.Name))));
        return new(conversation);
    }
}
