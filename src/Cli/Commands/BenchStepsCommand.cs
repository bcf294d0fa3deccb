using System.CommandLine;
using System.Globalization;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Diagnostics;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt bench steps</c>: an agent's steps through one resident session.</summary>
internal static class BenchStepsCommand
{
    public static Command Create()
    {
        var model = ModelCommand.ModelArgument();
        var profile = new Option<string?>("--profile") { HelpName = "START,NEW,OUT,STEPS", Description = "Tokens at the start, then new and output tokens of each step." };
        var trace = new Option<string?>("--trace") { HelpName = "CSV", Description = "Steps of a recorded session: columns round_idx, prefix_len, input_len, output_len." };
        var session = new Option<string?>("--session") { HelpName = "ID", Description = "Which session of the trace; the first when absent." };
        var command = new Command("steps", "Replays an agent's steps through one resident session; a JSON line a step, then the totals. Example: agentrt bench steps FILE --profile 2000,300,64,16") { model, profile, trace, session };
        var engineArguments = new EngineArguments(command, model: false);
        command.SetAction(async (result, cancellationToken) =>
        {
            var steps = (result.GetValue(profile), result.GetValue(trace)) switch
            {
                ({ } text, null) => Profile(text),
                (null, { } file) => Trace(file, result.GetValue(session)),
                _ => throw new UsageException("Give either --profile START,NEW,OUT,STEPS or --trace CSV."),
            };
            await using var engine = await engineArguments.LoadAsync(result, ModelResolver.Find(result.GetRequiredValue(model)), cancellationToken).ConfigureAwait(false);
            var needed = steps.Sum(s => s.Append + s.Generate);
            if (needed > engine.ContextLength) throw new ContextOverflowException(needed, engine.ContextLength);
            List<StepBenchmarkRow> rows = [];
            await foreach (var row in new StepBenchmark(engine).RunAsync(steps, cancellationToken).ConfigureAwait(false))
            {
                rows.Add(row);
                JsonLines.Write(result.InvocationConfiguration.Output, row);
            }
            JsonLines.Write(result.InvocationConfiguration.Output, new
            {
                Totals = new { Steps = rows.Count, NewTokens = rows.Sum(r => r.NewTokens), OutputTokens = rows.Sum(r => r.OutputTokens), WallMs = rows.Sum(r => r.WallMs), WallMsAfterFirst = rows.Skip(1).Sum(r => r.WallMs) },
            });
            return ExitCode.Success;
        });
        return command;
    }

    private static List<(int Append, int Generate)> Profile(string text) => BenchCommand.Numbers(text, "--profile") is [> 0 and var start, > 0 and var fresh, > 0 and var output, > 0 and var steps]
        ? [.. Enumerable.Range(0, steps).Select(i => (i == 0 ? start : fresh, output))]
        : throw new UsageException("--profile takes four numbers above 0: START,NEW,OUT,STEPS.");

    /// <summary>Reads a TraceLab CSV: what a step appends is its whole input less what the steps before left in the context.</summary>
    private static List<(int Append, int Generate)> Trace(string file, string? session)
    {
        var lines = File.ReadAllLines(file);
        var header = lines.Length == 0 ? [] : lines[0].Split(',');
        int Column(string name) => Array.IndexOf(header, name) is >= 0 and var at ? at : throw new UsageException($"{file}: there is no column '{name}'.");
        var (id, prefix, input, output) = (Column("session_id"), Column("prefix_len"), Column("input_len"), Column("output_len"));
        List<(int, int)> steps = [];
        var context = 0;
        for (var i = 1; i < lines.Length; i++)
        {
            var fields = lines[i].Split(',');
            if (fields.Length != header.Length) throw new UsageException($"{file}, line {i + 1}: expected {header.Length} fields.");
            session ??= fields[id];
            if (fields[id] != session) continue;
            int Field(int at) => int.TryParse(fields[at], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw new UsageException($"{file}, line {i + 1}: '{fields[at]}' is not a number of tokens.");
            var append = Math.Max(1, checked(Field(prefix) + Field(input)) - context);
            var generate = Math.Max(1, Field(output));
            steps.Add((append, generate));
            context += append + generate;
        }
        return steps.Count > 0 ? steps : throw new UsageException($"{file}: there is no session '{session}'.");
    }
}
