using System.Collections.Concurrent;
using System.CommandLine;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Workflows.Running;
using AgentRuntime.Engine;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The models of a workflow's run: each is loaded once, when the first step needs it.</summary>
/// <param name="result">The command line.</param>
/// <param name="arguments">Its options for models.</param>
/// <param name="usual">Path of the model that steps use that name none.</param>
internal sealed class WorkflowModels(ParseResult result, EngineArguments arguments, Lazy<string> usual) : IWorkflowModels, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<InferenceEngine>>> _engines = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();

    public async ValueTask<IConversation> CreateConversationAsync(string? model, IReadOnlyList<AITool> tools, CancellationToken cancellationToken)
    {
        var path = model is null ? usual.Value : ModelResolver.Find(model);
        // Loading is not one step's own: another may wait for it when the first is stopped.
        var engine = _engines.GetOrAdd(path, p => new(() => InferenceEngine.LoadAsync(p, arguments.Options(result), null, _closing.Token)));
        return new ResidentConversation(await engine.Value.WaitAsync(cancellationToken).ConfigureAwait(false), tools);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        foreach (var engine in _engines.Values)
        {
            await engine.Value.ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
            if (engine.Value.IsCompletedSuccessfully) await (await engine.Value.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        _closing.Dispose();
    }
}
