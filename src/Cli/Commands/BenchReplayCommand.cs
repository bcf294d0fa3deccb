using System.CommandLine;
using AgentRuntime.AgentHost;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Events;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt bench replay</c>: a recorded run once more, with its replies forced and its tools answering at once.</summary>
internal static class BenchReplayCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "Id of a recorded run, the beginning of it, or 'last'." };
        var times = new Option<int>("--repetitions") { HelpName = "R", Description = "How often, after one that is not counted.", DefaultValueFactory = _ => 5 };
        var command = new Command("replay", "Replays a recorded run to show what the host itself costs; a JSON line a step, then the totals. Example: agentrt bench replay last") { run, times };
        var engineArguments = new EngineArguments(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(times) < 1) throw new UsageException("--repetitions must be 1 or more.");
            using var journal = new RunJournal(AppPaths.Journal);
            var recorded = journal.Load(result.GetRequiredValue(run));
            await using var engine = await engineArguments.LoadAsync(result, engineArguments.ModelPath(result, recorded.Summary.Model), cancellationToken).ConfigureAwait(false);
            List<StepCompleted> steps = [];
            for (var i = 0; i <= result.GetValue(times); i++)
            {
                var replayed = await ReplayAsync(engine, recorded, cancellationToken).ConfigureAwait(false);
                if (i > 0) steps.AddRange(replayed);
            }
            var output = result.InvocationConfiguration.Output;
            foreach (var step in steps) JsonLines.Write(output, step);
            var overheads = steps.Select(s => s.OverheadMs).Order().ToList();
            JsonLines.Write(output, new { Totals = new { Steps = steps.Count, OverheadMs = new { Median = overheads[overheads.Count / 2], Min = overheads[0], Max = overheads[^1] } } });
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<List<StepCompleted>> ReplayAsync(InferenceEngine engine, RecordedRun recorded, CancellationToken cancellationToken)
    {
        var results = new Queue<string>(recorded.Calls.Select(c => c.Result ?? ""));
        var tools = recorded.Calls.Select(c => c.Name).Distinct().Select(name => (AIFunction)new RecordedTool(name, results)).ToList();
        var folder = Directory.CreateTempSubdirectory("agentrt-replay-").FullName;
        try
        {
            using var journal = new RunJournal(Path.Combine(folder, "runs.db"));
            using var recorder = journal.Create(recorded.Summary.Repository, recorded.Summary.Model, recorded.Summary.Task, recorded.Opening);
            await using var conversation = new ReplayConversation(new(engine, tools), recorded.Replies);
            List<StepCompleted> steps = [];
            var agent = new Agent(conversation, new(tools, TimeSpan.FromMinutes(1)), recorder, new(), e => { if (e is StepCompleted step) steps.Add(step); });
            await agent.RunAsync(new(recorded.Summary.Task, recorded.Summary.Repository, recorded.Summary.Model), recorded.Opening, cancellationToken).ConfigureAwait(false);
            return steps;
        }
        finally { Directory.Delete(folder, true); }
    }

    /// <summary>Answers with the recorded results, in order, whatever it is asked.</summary>
    private sealed class RecordedTool(string name, Queue<string> results) : AIFunction
    {
        public override string Name => name;

        protected override ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken) => new(results.Dequeue());
    }
}
