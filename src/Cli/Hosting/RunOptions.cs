using System.CommandLine;
using AgentRuntime.AgentHost;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Journal;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The options of <c>run</c> and <c>runs resume</c>.</summary>
internal sealed class RunOptions
{
    private readonly Option<int> _maxSteps = new("--max-steps") { HelpName = "N", Description = "Most replies of the model.", DefaultValueFactory = _ => 50 };
    private readonly Option<int> _budget = new("--token-budget") { HelpName = "N", Description = "Most tokens in the conversation; 0 for what the model holds." };
    private readonly Option<float> _temperature = new("--temperature") { HelpName = "T", Description = "0 for the likeliest token each time." };
    private readonly Option<ulong?> _seed = new("--seed") { HelpName = "S", Description = "Seed of the sampler." };
    private readonly Option<string> _calls = new("--call-grammar") { HelpName = "strict|loose|off", Description = "Whether tool calls are held to the tools' schemas; loose: where a schema is not supported, to its names only.", DefaultValueFactory = _ => "strict" };
    private readonly Option<bool> _noGrounding = new("--no-grounding") { Description = "Paths and texts to replace are not held to what exists in the repository." };
    private readonly Option<int?> _thinking = new("--thinking-budget") { HelpName = "N", Description = "Most tokens of a reasoning section; 0 for none." };
    private readonly Option<string?> _interrupted = new("--interrupted") { HelpName = "rerun|skip|stop", Description = "What to do with a call that was under way when the run was stopped; asked about on a terminal." };
    private readonly Option<bool> _json = new("--json") { Description = "An event per line as JSON." };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="repository">Whether the repository is one of them.</param>
    /// <param name="agent">Whether repository, approval, sandbox and model are.</param>
    public RunOptions(Command command, bool repository = true, bool agent = true)
    {
        Agent = new(agent ? command : null, repository);
        Engine = new(command, model: agent);
        Telemetry = new(command);
        foreach (var option in new Option[] { _maxSteps, _budget, _temperature, _seed, _calls, _noGrounding, _thinking, _interrupted, _json }) command.Options.Add(option);
    }

    public AgentArguments Agent { get; }

    public EngineArguments Engine { get; }

    public Telemetry Telemetry { get; }

    public bool Json(ParseResult result) => result.GetValue(_json);

    /// <exception cref="UsageException">A limit is out of range.</exception>
    public AgentOptions Limits(ParseResult result)
    {
        var (steps, budget) = (result.GetValue(_maxSteps), result.GetValue(_budget));
        if (steps < 1) throw new UsageException($"--max-steps {steps} is out of range; use 1 or more.");
        if (budget < 0) throw new UsageException($"--token-budget {budget} is out of range; use 0 or more.");
        return new() { MaxSteps = steps, TokenBudget = budget, RecordContents = Telemetry.RecordContents(result) };
    }

    /// <exception cref="UsageException">The temperature or the budget is out of range.</exception>
    public Engine.Sessions.GenerationOptions Generation(ParseResult result)
    {
        var temperature = result.GetValue(_temperature);
        if (!(temperature is >= 0 and <= 10)) throw new UsageException($"--temperature {temperature} is out of range; use 0 to 10.");
        var thinking = result.GetValue(_thinking);
        if (thinking < 0) throw new UsageException($"--thinking-budget {thinking} is out of range; use 0 or more.");
        return new() { Temperature = temperature, Seed = result.GetValue(_seed), MaxTokens = 4096, ThinkingBudget = thinking };
    }

    /// <exception cref="UsageException">There is no such grammar.</exception>
    public ResidentConversationOptions Calls(ParseResult result) => result.GetValue(_calls) switch
    {
        "strict" => new() { GroundArguments = !result.GetValue(_noGrounding) },
        "loose" => new() { GroundArguments = !result.GetValue(_noGrounding), LoosenUnsupportedSchemas = true },
        "off" => new() { ConstrainToolCalls = false },
        var other => throw new UsageException($"--call-grammar takes strict, loose or off, not '{other}'."),
    };

    /// <summary>What was said about interrupted calls, or null to ask.</summary>
    public InterruptedCallDecision? Interrupted(ParseResult result) => result.GetValue(_interrupted) switch
    {
        null => null,
        "rerun" => InterruptedCallDecision.Rerun,
        "skip" => InterruptedCallDecision.Skip,
        "stop" => InterruptedCallDecision.Stop,
        var other => throw new UsageException($"--interrupted takes rerun, skip or stop, not '{other}'."),
    };
}
