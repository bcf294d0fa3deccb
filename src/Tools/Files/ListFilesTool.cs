using System.Text;

namespace AgentRuntime.Tools.Files;

/// <summary>Lists the files of the repository or of one of its folders.</summary>
public sealed class ListFilesTool(ToolContext context) : RepositoryTool(
    context, "list_files", "Lists files, also in folders below. Ignored files are left out.",
    new ToolParameter("path", "string", "A folder, from the repository's root; all of it when absent.", Required: false))
{
    private const int MaxFiles = 1000;

    /// <inheritdoc/>
    public override bool IsReadOnly => true;

    private protected override Task<ToolResult> RunAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var start = Context.Paths.ResolveOrRoot(arguments.OptionalString("path"));
        var shown = new StringBuilder();
        var count = 0;
        foreach (var file in new RepositoryWalker(Context.Paths).Files(start, cancellationToken))
            if (++count <= MaxFiles)
                shown.Append(file).Append('\n');

        if (count == 0)
            return Task.FromResult(new ToolResult("no files"));
        if (count > MaxFiles)
            shown.Append($"[{count - MaxFiles} more files left out; list one folder at a time]");
        else
            shown.Length--;
        return Task.FromResult(new ToolResult(shown.ToString()));
    }
}
