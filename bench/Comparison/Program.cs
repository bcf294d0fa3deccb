using System.CommandLine;
using AgentRuntime.Comparison;

var rounds = new Option<int>("--rounds") { Description = "Rounds of prefill and decode tests.", DefaultValueFactory = _ => 5 };
var stepRounds = new Option<int>("--step-rounds") { Description = "Rounds of agent steps; 0 for none.", DefaultValueFactory = _ => 5 };
var threads = new Option<int>("--threads") { Description = "Compute threads of both.", DefaultValueFactory = _ => 2 };
var depth = new Option<int>("--depth") { Description = "Tokens in the deep cache.", DefaultValueFactory = _ => 8192 };
var profile = new Option<string>("--profile") { Description = "Agent steps: START,NEW,OUT,STEPS.", DefaultValueFactory = _ => "2000,300,64,16" };
var patience = new Option<int>("--patience") { Description = "Seconds to wait for a quiet machine before each test.", DefaultValueFactory = _ => 20 };
var models = new Option<string>("--models") { Description = "SHAPE:QUANT,…", DefaultValueFactory = _ => "qwen2.5-0.5b:Q8_0,qwen2.5-0.5b:Q4_K_M,llama3.2-1b:Q4_K_M" };
var cache = new Option<string>("--cache") { Description = "Where the models are kept.", DefaultValueFactory = _ => ComparisonOptions.DefaultCache };
var resume = new Option<string?>("--resume") { HelpName = "FILE", Description = "Go on from the measurements in this file, as an earlier run left them in the cache; rounds that it holds are not repeated." };
var output = new Option<string>("--output") { Description = "Where the report goes.", DefaultValueFactory = _ => "bench/reports" };
var command = new RootCommand("Runs agentrt and llama.cpp alternately on the same models and writes a report with ratios and a plot. Run it as bench/compare.")
{
    rounds, stepRounds, threads, depth, profile, patience, models, cache, resume, output,
};
command.SetAction((result, cancellationToken) => new ComparisonRun(new()
{
    Rounds = Math.Max(1, result.GetValue(rounds)),
    StepRounds = Math.Max(0, result.GetValue(stepRounds)),
    Threads = Math.Max(1, result.GetValue(threads)),
    Depth = Math.Max(1, result.GetValue(depth)),
    Profile = result.GetValue(profile)!,
    Patience = TimeSpan.FromSeconds(Math.Max(0, result.GetValue(patience))),
    Models = [.. result.GetValue(models)!.Split(',').Select(ModelChoice.Parse)],
    Cache = Path.GetFullPath(result.GetValue(cache)!),
    Resume = result.GetValue(resume) is { } file ? Path.GetFullPath(file) : null,
    Output = Path.GetFullPath(result.GetValue(output)!),
}).RunAsync(cancellationToken));
try
{
    return await command.Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
}
catch (ComparisonException e)
{
    await Console.Error.WriteLineAsync("error: " + e.Message).ConfigureAwait(false);
    return 1;
}
catch (OperationCanceledException)
{
    return 130; // Ctrl-C; the report holds the tests that were finished.
}
