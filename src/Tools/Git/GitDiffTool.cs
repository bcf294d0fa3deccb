using LibGit2Sharp;

namespace AgentRuntime.Tools.Git;

/// <summary>Shows what changed since the last commit, new files included.</summary>
public sealed class GitDiffTool(ToolContext context) : RepositoryTool(
    context, "git_diff", "Shows the changes since the last commit as a unified diff.",
    new ToolParameter("path", "string", "A file or folder, from the repository's root; all of it when absent.", Required: false))
{
    private const int MaxCharacters = 30_000;

    /// <inheritdoc/>
    public override bool IsReadOnly => true;

    private protected override Task<ToolResult> RunAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var path = Context.Paths.ResolveOrRoot(arguments.OptionalString("path"));
        using var repository = GitRepository.TryOpen(Context.Paths.Root, out var prefix)
            ?? throw new ToolFailure(ToolErrorKind.NotFound, "the repository's folder is not under git");

        var relative = (prefix + path.Relative).TrimEnd('/');
        var filter = relative.Length == 0 ? null : new[] { relative };
        // The index is part of the comparison, or files that were added to it would be missing.
        using var patch = repository.Diff.Compare<Patch>(
            repository.Head.Tip?.Tree, DiffTargets.Index | DiffTargets.WorkingDirectory, filter,
            new ExplicitPathsOptions { ShouldFailOnUnmatchedPath = false });
        var text = patch.Content.TrimEnd();
        return Task.FromResult(new ToolResult(text.Length == 0 ? "no changes" : Cut(text)));
    }

    private static string Cut(string text)
    {
        if (text.Length <= MaxCharacters)
            return text;
        var end = text.LastIndexOf('\n', MaxCharacters);
        if (end < 0)
            end = MaxCharacters;
        var left = text.AsSpan(end).Count('\n');
        return $"{text[..end]}\n[{left} more lines left out; give a path]";
    }
}
