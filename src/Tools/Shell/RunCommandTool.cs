using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Tools.Shell;

/// <summary>Runs a shell command in the repository's root, in the sandbox of the context.</summary>
public sealed class RunCommandTool(ToolContext context) : RepositoryTool(
    context, "run_command", "Runs a shell command in the repository's root, without network, and shows its output and exit code.",
    new("command", "string", "The command."),
    new("timeout_seconds", "integer", "When to end it, 1 to 600; 120 when absent.", Required: false))
{
    private const int DefaultSeconds = 120;
    private const int MaxSeconds = 600;
    private static readonly string Shell = File.Exists("/bin/bash") ? "/bin/bash" : "/bin/sh";

    /// <inheritdoc/>
    public override bool IsReadOnly => false;

    /// <inheritdoc/>
    public override TimeSpan Timeout => TimeSpan.FromSeconds(MaxSeconds);

    private protected override async Task<ToolResult> RunAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var command = arguments.String("command");
        var seconds = arguments.OptionalInteger("timeout_seconds") ?? DefaultSeconds;
        if (string.IsNullOrWhiteSpace(command) || command.Contains('\0'))
            throw new ToolFailure(ToolErrorKind.InvalidArguments, "the command is empty or holds a NUL character");
        if (seconds is < 1 or > MaxSeconds)
            throw new ToolFailure(ToolErrorKind.InvalidArguments, $"timeout_seconds must be 1 to {MaxSeconds}");
        if (OperatingSystem.IsWindows())
            throw new ToolFailure(ToolErrorKind.System, "commands need a Unix shell; run in WSL");

        var variables = arguments.Service<CommandVariables>();
        if (variables?.Problem() is { } problem)
            throw new ToolFailure(ToolErrorKind.InvalidArguments, problem);

        var asked = await ApproveAsync(ApprovalKind.Command, command, cancellationToken).ConfigureAwait(false);
        var mounts = new SandboxMounts(Context.Paths.Root, Context.Paths.FindGitFolders());
        // One pipe for both outputs keeps their order; the launcher's own messages stay apart on its standard error.
        var start = Context.Sandbox.CreateStartInfo(
            mounts, ["/bin/sh", "-c", (variables is null ? "" : "eval \"$(cat)\"; ") + "exec \"$0\" -c \"$1\" 2>&1 </dev/null", Shell, command]);
        var progress = arguments.Service<IProgress<string>>();
        var outcome = await new CommandRunner(start, !Context.Sandbox.IsConfined, Context.Paths.Root + "/", progress, Context.Time)
        { Input = variables?.ToScript() }.RunAsync(TimeSpan.FromSeconds(seconds), cancellationToken).ConfigureAwait(false);

        if (outcome is { ExitCode: not 0, Output: "", LauncherError: { Length: > 0 } error })
            throw new ToolFailure(ToolErrorKind.System, "the sandbox failed: " + error.ReplaceLineEndings(" ").Trim());
        var output = outcome.Output.TrimEnd();
        var last = outcome.ExitCode is { } code ? $"exit code {code}" : $"timed out after {seconds} s";
        return new ToolResult(output.Length == 0 ? last : $"{output}\n{last}")
        {
            ExitCode = outcome.ExitCode,
            ErrorKind = outcome.ExitCode is null ? ToolErrorKind.Timeout : null,
            ApprovalTime = asked,
        };
    }
}
