// Semantic Kernel on the engine in this process: one line adds the model, the rest is Semantic Kernel as usual. It sends
// the whole history with each request; the engine computes only what is new of it.
using System.Diagnostics.CodeAnalysis;
using AgentRuntime.AgentHost;
using AgentRuntime.SemanticKernel;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

using var workspace = new Workspace();
var builder = Kernel.CreateBuilder();
builder.AddAgentRuntimeChatCompletion(Workspace.ModelPath(args));
#pragma warning disable SKEXP0001 // AsKernelFunction is marked experimental.
builder.Plugins.Add(new BareNames("repository", [.. workspace.Tools.Select(tool => tool.AsKernelFunction())]));
#pragma warning restore SKEXP0001
builder.Services.AddSingleton<IAutoFunctionInvocationFilter>(new ShowCalls());
var kernel = builder.Build();

var settings = new AgentRuntimePromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };
var history = new ChatHistory(AgentPrompt.System);
history.AddUserMessage(Workspace.Task);
var answer = await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(history, settings, kernel);
Console.WriteLine(answer.Content);
Workspace.Print($"all {history.Count(m => m.Role == AuthorRole.Assistant) + 1} requests", (UsageDetails)answer.Metadata!["Usage"]!);

// The container loaded the engine, so the container ends it.
await ((IAsyncDisposable)kernel.Services).DisposeAsync();

/// <summary>A plugin whose functions are offered by their own names, without the plugin's: those are the names that tiny-coder has learned.</summary>
internal sealed class BareNames(string name, IReadOnlyList<KernelFunction> functions) : KernelPlugin(name)
{
    public override int FunctionCount => functions.Count;

    public override bool TryGetFunction(string name, [NotNullWhen(true)] out KernelFunction? function) =>
        (function = functions.FirstOrDefault(f => f.Name == name)) is not null;

    public override IEnumerator<KernelFunction> GetEnumerator() => functions.GetEnumerator();
}

internal sealed class ShowCalls : IAutoFunctionInvocationFilter
{
    public async Task OnAutoFunctionInvocationAsync(AutoFunctionInvocationContext context, Func<AutoFunctionInvocationContext, Task> next)
    {
        Console.WriteLine($"  {context.Function.Name}");
        await next(context);
    }
}
