using System.CommandLine;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Validation;
using AgentRuntime.Tools.Approval;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The file and the inputs of a workflow command.</summary>
internal sealed class WorkflowArguments
{
    private readonly Argument<string?> _file;
    private readonly Option<string[]> _inputs = new("--input") { HelpName = "NAME=VALUE", Description = "An input; may be given several times. Lists and maps as JSON.", DefaultValueFactory = _ => [] };

    /// <param name="command">The command that gets them.</param>
    /// <param name="optional">Whether the file may be left out.</param>
    public WorkflowArguments(Command command, bool optional = false)
    {
        _file = new("FILE") { Description = "The workflow's YAML file.", Arity = optional ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne };
        command.Arguments.Add(_file);
        command.Options.Add(_inputs);
    }

    /// <summary>The workflow's file, as it was named.</summary>
    /// <exception cref="UsageException">It was left out.</exception>
    public string File(ParseResult result) => OptionalFile(result) ?? throw new UsageException("Name the workflow's YAML file.");

    /// <summary>The same; null when it was left out.</summary>
    public string? OptionalFile(ParseResult result) => result.GetValue(_file);

    /// <summary>Whether any input was given.</summary>
    public bool HasInputs(ParseResult result) => result.GetValue(_inputs)!.Length > 0;

    /// <summary>Loads and checks the workflow, and its inputs.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="problems">Receives what is wrong.</param>
    /// <param name="complete">Whether every input without a default has to be given.</param>
    /// <returns>The workflow, as far as it could be read, and its inputs; sound when there are no problems.</returns>
    /// <exception cref="UsageException">An input is not NAME=VALUE.</exception>
    public (LoadedWorkflow? Workflow, JsonObject Inputs) Load(ParseResult result, ProblemList problems, bool complete)
    {
        var given = result.GetValue(_inputs)!.Select(Pair).ToList();
        var loaded = WorkflowLoader.Load(Tools(), problems);
        if (loaded is null) return (null, []);
        var found = new ProblemList(problems.File);
        var inputs = InputValues.Parse(loaded.Workflow, given, found, complete);
        foreach (var problem in found.InOrder()) problems.Add(problem);
        return (loaded, inputs);
    }

    /// <summary>Loads and checks the workflow, and its inputs.</summary>
    /// <exception cref="WorkflowException">Something is wrong.</exception>
    /// <exception cref="UsageException">An input is not NAME=VALUE.</exception>
    public (LoadedWorkflow Workflow, JsonObject Inputs) Load(ParseResult result, bool complete)
    {
        var problems = new ProblemList(File(result));
        var (workflow, inputs) = Load(result, problems, complete);
        return workflow is not null && problems.Count == 0 ? (workflow, inputs) : throw new WorkflowException(problems.InOrder());
    }

    /// <summary>The built-in tools, and the names of the MCP servers of the user's configuration.</summary>
    public static ToolCatalog Tools()
    {
        // Which tools there are does not depend on the repository; nothing is run or read.
        using var host = ToolHost.Create(Directory.GetCurrentDirectory(), ApprovalMode.Never, sandboxOff: true);
        var servers = (Configuration.Load().McpServers ?? new Dictionary<string, McpServerEntry>()).ToDictionary(s => s.Key, _ => (IReadOnlyList<ToolSignature>?)null);
        return new(host.Dispatcher.Tools, servers);
    }

    private static KeyValuePair<string, string> Pair(string text) => text.Split('=', 2) is [{ Length: > 0 } name, var value]
        ? new(name, value)
        : throw new UsageException($"--input '{text}' is not NAME=VALUE; write it as --input topic=parsers.");
}
