using AgentRuntime.Tools.Files;
using AgentRuntime.Tools.Git;
using AgentRuntime.Tools.Search;
using AgentRuntime.Tools.Shell;

namespace AgentRuntime.Tools;

/// <summary>The built-in tools of a coding agent.</summary>
public static class RepositoryTools
{
    /// <summary>Creates the tools for a repository, in ordinal order of their names: the order in which a model is told of them.</summary>
    public static IReadOnlyList<RepositoryTool> Create(ToolContext context) =>
    [
        new EditFileTool(context),
        new GitDiffTool(context),
        new ListFilesTool(context),
        new ReadFileTool(context),
        new RunCommandTool(context),
        new SearchTool(context),
        new WriteFileTool(context),
    ];
}
