using System.CommandLine;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt workflow validate</c>: everything that is wrong at once, each with its place.</summary>
internal static class WorkflowValidateCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("validate", "Tells everything that is wrong with a workflow. Example: agentrt workflow validate build.yaml") { json };
        var arguments = new WorkflowArguments(command);
        command.SetAction(result =>
        {
            var problems = new ProblemList(arguments.File(result));
            // Without any input only the file is checked; who gives one wants to know whether the rest is missing.
            var (loaded, _) = arguments.Load(result, problems, complete: arguments.HasInputs(result));
            var (output, error) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            var found = problems.InOrder();
            if (result.GetValue(json))
            {
                JsonLines.Write(output, new
                {
                    Valid = found.Count == 0,
                    Problems = found.Select(p => new { p.File, p.Mark.Line, p.Mark.Column, p.Message }),
                });
            }
            else if (found.Count == 0)
            {
                output.WriteLine($"{problems.File}: valid, {Count(loaded!.Workflow.Steps.Count, "step")}{(loaded.Called.Count > 0 ? $", {Count(loaded.All.Count() - 1, "called workflow")}" : "")}");
            }
            else
            {
                foreach (var problem in found) error.WriteLine(VisibleText.Of(problem.ToString()));
            }
            return found.Count == 0 ? ExitCode.Success : ExitCode.Usage;
        });
        return command;
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
