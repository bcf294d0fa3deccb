using System.CommandLine;
using System.Diagnostics;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt bench sessions</c>: how much several sessions that decode together get out of the engine.</summary>
internal static class BenchSessionsCommand
{
    public static Command Create()
    {
        var model = ModelCommand.ModelArgument();
        var sessions = new Option<string>("--sessions") { HelpName = "N,…", Description = "How many sessions decode at once.", DefaultValueFactory = _ => "1,2,4,8" };
        var prompt = new Option<int>("--prompt") { HelpName = "N", Description = "Tokens of each session's prompt, computed before the clock starts.", DefaultValueFactory = _ => 64 };
        var generate = new Option<int>("--generate") { HelpName = "N", Description = "Tokens that each session decodes.", DefaultValueFactory = _ => 64 };
        var repetitions = new Option<int>("--repetitions") { HelpName = "R", Description = "Timed runs of each, after one that is not.", DefaultValueFactory = _ => 5 };
        var command = new Command("sessions", "Decode speed of several sessions together; a JSON line each. Example: agentrt bench sessions FILE --sessions 1,8") { model, sessions, prompt, generate, repetitions };
        var engineArguments = new EngineArguments(command, model: false);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (tokens, output, runs) = (result.GetValue(prompt), result.GetValue(generate), result.GetValue(repetitions));
            if (tokens < 1 || output < 1 || runs < 1) throw new UsageException("--prompt, --generate and --repetitions must be 1 or more.");
            var counts = BenchCommand.Numbers(result.GetValue(sessions)!, "--sessions");
            if (counts.Any(c => c is < 1 or > 64)) throw new UsageException("--sessions takes numbers from 1 to 64.");
            await using var engine = await engineArguments.LoadAsync(
                result, ModelResolver.Find(result.GetRequiredValue(model)), o => o with { MaxRunning = Math.Max(o.MaxRunning, counts.Max()) }, cancellationToken).ConfigureAwait(false);
            foreach (var count in counts)
            {
                List<double> rates = [];
                for (var i = 0; i <= runs; i++)
                {
                    var rate = await MeasureAsync(engine, count, tokens, output, i, cancellationToken).ConfigureAwait(false);
                    if (i > 0) rates.Add(rate);
                }
                rates.Sort();
                JsonLines.Write(result.InvocationConfiguration.Output, new
                {
                    Sessions = count,
                    Prompt = tokens,
                    Generate = output,
                    TokensPerSecond = new { Median = rates[rates.Count / 2], Min = rates[0], Max = rates[^1] },
                });
            }
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<double> MeasureAsync(InferenceEngine engine, int count, int prompt, int generate, int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        var sessions = Enumerable.Range(0, count).Select(_ => engine.CreateSession()).ToList();
        try
        {
            foreach (var session in sessions)
            {
                session.Append(Enumerable.Range(0, prompt).Select(_ => random.Next(engine.Model.VocabularySize)).ToArray());
                await session.PrefillAsync(cancellationToken).ConfigureAwait(false);
            }
            var start = Stopwatch.GetTimestamp();
            await Task.WhenAll(sessions.Select(async session =>
            {
                await foreach (var _ in session.GenerateAsync(new() { MaxTokens = generate, IgnoreEos = true }, cancellationToken).ConfigureAwait(false)) { }
            })).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return count * generate / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        finally
        {
            foreach (var session in sessions) session.Dispose();
        }
    }
}
