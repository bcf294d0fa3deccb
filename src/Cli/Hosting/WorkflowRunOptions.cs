using System.CommandLine;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Running;
using AgentRuntime.AgentHost.Workflows.Validation;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Mcp;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The options of <c>workflow run</c>.</summary>
internal sealed class WorkflowRunOptions
{
    private readonly Option<int> _maxParallel = new("--max-parallel") { HelpName = "N", Description = "Most steps at a time.", DefaultValueFactory = _ => WorkflowHost.DefaultMaxParallel };
    private readonly Option<bool> _allowMcp = new("--allow-mcp") { Description = "Starts the MCP servers that the workflow declares, and calls their tools, without asking." };
    private readonly Option<string> _interrupted = new("--interrupted") { HelpName = "rerun|skip", Description = "With --resume: what to do with an agent's call that was under way when the run was stopped.", DefaultValueFactory = _ => "skip" };

    public WorkflowRunOptions(Command command)
    {
        Agent = new(command);
        Engine = new(command);
        foreach (var option in new Option[] { _maxParallel, _allowMcp, _interrupted }) command.Options.Add(option);
    }

    public AgentArguments Agent { get; }

    public EngineArguments Engine { get; }

    /// <summary>The MCP servers of the user's configuration.</summary>
    /// <exception cref="UsageException">One makes no sense.</exception>
    public static IReadOnlyDictionary<string, McpServerSettings> Servers() =>
        (Configuration.Load().McpServers ?? new Dictionary<string, McpServerEntry>()).ToDictionary(s => s.Key, s => s.Value.ToSettings(s.Key), StringComparer.Ordinal);

    /// <exception cref="UsageException">It is out of range.</exception>
    public int MaxParallel(ParseResult result) =>
        result.GetValue(_maxParallel) is >= 1 and <= 64 and var steps ? steps : throw new UsageException($"--max-parallel {result.GetValue(_maxParallel)} is out of range; use 1 to 64.");

    /// <summary>What becomes of an agent's call that may or may not have run.</summary>
    /// <exception cref="UsageException">It is neither rerun nor skip.</exception>
    public InterruptedCallDecision Interrupted(ParseResult result) => result.GetValue(_interrupted) switch
    {
        "rerun" => InterruptedCallDecision.Rerun,
        "skip" => InterruptedCallDecision.Skip,
        var other => throw new UsageException($"--interrupted takes rerun or skip, not '{other}'."),
    };

    /// <summary>Checks every option, so that nothing is begun that a mistyped one would end.</summary>
    public void Check(ParseResult result, LoadedWorkflow loaded) =>
        _ = (MaxParallel(result), Interrupted(result), Approval(result, loaded), Agent.SandboxOff(result), Engine.Options(result), Servers());

    /// <summary>Whether the display may take over the terminal: nobody is going to be asked.</summary>
    public bool CanShowLive(ParseResult result, LoadedWorkflow loaded) =>
        !Console.IsErrorRedirected && result.InvocationConfiguration.Error == Console.Error && Approval(result, loaded) != ApprovalMode.Ask;

    /// <summary>The tools for the run.</summary>
    public WorkflowTools Tools(ParseResult result, LoadedWorkflow loaded, string repository) =>
        new(repository, Approval(result, loaded), Agent.SandboxOff(result), result.GetValue(_allowMcp));

    /// <summary>Who decides. Where no step can change anything there is nothing to decide, so nothing has to be said.</summary>
    private ApprovalMode Approval(ParseResult result, LoadedWorkflow loaded)
    {
        using var tools = ToolHost.Create(Directory.GetCurrentDirectory(), ApprovalMode.Never, sandboxOff: true);
        return loaded.All.SelectMany(w => w.Steps).All(s => s.Action is PromptAction or WorkflowAction || (s.Action is ToolAction tool && tools.Dispatcher.IsReadOnly(tool.Tool)))
            ? ApprovalMode.Never : Agent.Approval(result);
    }
}
