// An agent of Microsoft.Agents.AI on the engine in this process. Its session keeps the conversation's id, so that every
// run and every tool result is sent alone, and the rest is resident.
using AgentRuntime.AgentHost;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

using var workspace = new Workspace();
await using var engine = await InferenceEngine.LoadAsync(Workspace.ModelPath(args));
var agent = new ChatClientAgent(new EngineChatClient(engine), AgentPrompt.System, "coder", tools: [.. workspace.Tools]);
var session = await agent.CreateSessionAsync();

var updates = new List<AgentResponseUpdate>();
await foreach (var update in agent.RunStreamingAsync(Workspace.Task, session))
{
    updates.Add(update);
    Console.Write(update.Text);
    foreach (var content in update.Contents)
    {
        if (content is FunctionCallContent call) Console.Write($"\n  {call.Name}\n");
        if (content is UsageContent usage) Workspace.Print("\nrequest", usage.Details);
    }
}
Workspace.Print("all requests", updates.ToAgentResponse().Usage!);
