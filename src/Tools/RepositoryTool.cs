using System.Text.Json;
using AgentRuntime.Engine.Grammar.Grounding;
using AgentRuntime.Tools.Approval;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Tools;

/// <summary>
/// A built-in tool. Invoking it returns a <see cref="ToolResult"/> for every outcome; only cancellation throws.
/// It checks its arguments, asks for approval and keeps its own timeout, so it behaves the same in every host.
/// </summary>
/// <remarks>
/// A caller may put an <see cref="IProgress{T}"/> of string into <see cref="AIFunctionArguments.Context"/> under the key
/// <c>typeof(IProgress&lt;string&gt;)</c>: it receives the output of a command while the command runs.
/// </remarks>
public abstract class RepositoryTool : AIFunction
{
    private readonly IReadOnlyList<ToolParameter> _parameters;

    private protected RepositoryTool(ToolContext context, string name, string description, params ToolParameter[] parameters)
    {
        Context = context;
        Name = name;
        Description = description;
        _parameters = parameters;
        JsonSchema = ToolParameter.Schema(parameters);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override JsonElement JsonSchema { get; }

    /// <summary>Whether the tool changes nothing: it needs no approval, and several may run at once.</summary>
    public abstract bool IsReadOnly { get; }

    /// <summary>Whether a call that failed or was cut off may be made again without harm. True for the tools that only read.</summary>
    public bool IsRetryable => IsReadOnly;

    /// <summary>The longest that a call may take, approval not counted. The tool ends itself at this time.</summary>
    public virtual TimeSpan Timeout => TimeSpan.FromSeconds(30);

    /// <summary>
    /// The same declarations for hosts that do not know this type: <c>read_only</c>, <c>retryable</c>, <c>timeout_seconds</c>, and
    /// <see cref="ToolGrounding.PropertyName"/> for arguments that are held to what exists.
    /// </summary>
    public override IReadOnlyDictionary<string, object?> AdditionalProperties => new Dictionary<string, object?>
    {
        [ToolGrounding.PropertyName] = _parameters.Where(p => p.Source is not null).ToDictionary(p => p.Name, p => p.Source!),
        ["read_only"] = IsReadOnly,
        ["retryable"] = IsRetryable,
        ["timeout_seconds"] = Timeout.TotalSeconds,
    };

    private protected ToolContext Context { get; }

    private protected abstract Task<ToolResult> RunAsync(ToolArguments arguments, CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected sealed override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        try
        {
            var checkedArguments = new ToolArguments(Name, _parameters, arguments);
            if (!IsReadOnly)
                return await RunAsync(checkedArguments, cancellationToken).ConfigureAwait(false);

            using var timeout = new CancellationTokenSource(Timeout, Context.Time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            // Reading tools work without awaiting: the caller's thread (a terminal's, say) stays free.
            return await Task.Run(() => RunAsync(checkedArguments, linked.Token), linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ToolResult.Failed(ToolErrorKind.Timeout, $"{Name} took longer than {Timeout.TotalSeconds:0} s; narrow the call");
        }
        catch (ToolFailure failure)
        {
            return ToolResult.Failed(failure.Kind, failure.Message) with { ApprovalTime = failure.ApprovalTime };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or LibGit2Sharp.LibGit2SharpException)
        {
            return ToolResult.Failed(ToolErrorKind.System, OneLine(failure.Message));
        }
    }

    /// <summary>Asks for approval; throws what the model is to read when it is refused.</summary>
    /// <returns>How long the answer took.</returns>
    private protected async Task<TimeSpan> ApproveAsync(ApprovalKind kind, string detail, CancellationToken cancellationToken)
    {
        var start = Context.Time.GetTimestamp();
        try
        {
            var refusal = await Context.Approval
                .CheckAsync(new ApprovalRequest(Name, kind, detail), cancellationToken).ConfigureAwait(false);
            if (refusal is not null)
                throw new ToolFailure(ToolErrorKind.Denied, refusal) { ApprovalTime = Context.Time.GetElapsedTime(start) };
        }
        catch (OperationCanceledException stopped)
        {
            throw new ApprovalCancelledException(stopped);
        }

        return Context.Time.GetElapsedTime(start);
    }

    // The operating system's messages hold absolute paths, which say nothing to the model.
    private string OneLine(string message) =>
        message.ReplaceLineEndings(" ").Replace(Context.Paths.Root + "/", "", StringComparison.Ordinal).TrimEnd('.', ' ');
}
