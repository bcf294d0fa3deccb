// Microsoft.Extensions.AI on the engine in this process. Each response carries a ConversationId; with it the next request
// sends only what is new, and the function-calling loop does so by itself.
using AgentRuntime.AgentHost;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;

using var workspace = new Workspace();
await using var engine = await InferenceEngine.LoadAsync(Workspace.ModelPath(args));
var requests = 0;
using var client = new EngineChatClient(engine).AsBuilder()
    .UseFunctionInvocation()
    .Use(RespondAsync, null)
    .Build();

var options = new ChatOptions { Instructions = AgentPrompt.System, Tools = [.. workspace.Tools] };
var response = await client.GetResponseAsync(Workspace.Task, options);
Console.WriteLine(response.Messages[^1].Text);
Workspace.Print($"all {requests} requests", response.Usage!);

// The same conversation could go on now, in this call or in another: its id is all that has to be kept.
Console.WriteLine($"conversation {response.ConversationId}");

// Stands between the loop and the engine: what is really sent, and what it costs.
async Task<ChatResponse> RespondAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, IChatClient inner, CancellationToken cancellationToken)
{
    var sent = messages.ToList();
    var response = await inner.GetResponseAsync(sent, options, cancellationToken);
    foreach (var call in response.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>()) Console.WriteLine($"  {call.Name}");
    Workspace.Print($"request {++requests}, {sent.Count} message(s) sent", response.Usage!);
    return response;
}
