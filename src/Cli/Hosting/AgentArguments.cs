using System.CommandLine;
using AgentRuntime.Tools.Approval;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The options of every command that lets tools work on a repository.</summary>
internal sealed class AgentArguments
{
    private readonly Option<string> _repository = new("--repo") { HelpName = "DIR", Description = "The repository; the current folder when absent.", DefaultValueFactory = _ => "." };
    private readonly Option<string?> _approval = new("--approval") { HelpName = "ask|auto|never", Description = "Who decides about edits and commands; ask is the default on a terminal." };
    private readonly Option<string> _sandbox = new("--sandbox") { HelpName = "auto|off", Description = "Whether commands run in a sandbox.", DefaultValueFactory = _ => "auto" };

    public AgentArguments(Command? command, bool repository = true)
    {
        if (command is null) return;
        if (repository) command.Options.Add(_repository);
        command.Options.Add(_approval);
        command.Options.Add(_sandbox);
    }

    /// <summary>Full path of the repository.</summary>
    /// <exception cref="UsageException">It does not exist, or is empty.</exception>
    public string Repository(ParseResult result)
    {
        var path = Path.GetFullPath(result.GetValue(_repository)!);
        if (!Directory.Exists(path)) throw new UsageException($"The repository {path} does not exist; name a folder with --repo.");
        if (!Directory.EnumerateFileSystemEntries(path).Any()) throw new UsageException($"The folder {path} is empty, so there is nothing to work on; name a repository with --repo.");
        return Path.TrimEndingDirectorySeparator(path);
    }

    /// <summary>Who decides.</summary>
    /// <exception cref="UsageException">It was not said and there is nobody to ask.</exception>
    public ApprovalMode Approval(ParseResult result) => result.GetValue(_approval) switch
    {
        "ask" => ApprovalMode.Ask,
        "auto" => ApprovalMode.Auto,
        "never" => ApprovalMode.Never,
        null when Consoles.CanAsk => ApprovalMode.Ask,
        null => throw new UsageException("There is no terminal to ask at, so say --approval auto or --approval never."),
        var other => throw new UsageException($"There is no approval mode '{other}'; use ask, auto or never."),
    };

    /// <summary>Whether a person chose to run commands without a sandbox.</summary>
    public bool SandboxOff(ParseResult result) => result.GetValue(_sandbox) switch
    {
        "auto" => false,
        "off" => true,
        var other => throw new UsageException($"There is no sandbox '{other}'; use auto or off."),
    };
}
