using System.CommandLine;
using AgentRuntime.AgentHost.Workflows.Planning;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt workflow graph</c>.</summary>
internal static class WorkflowGraphCommand
{
    public static Command Create()
    {
        var mermaid = new Option<bool>("--mermaid") { Description = "A Mermaid flowchart; the default." };
        var dot = new Option<bool>("--dot") { Description = "A Graphviz graph." };
        var json = new Option<bool>("--json") { Description = "One JSON document: the steps, and which come before which." };
        var command = new Command("graph", "Draws a workflow's steps. Example: agentrt workflow graph build.yaml --dot | dot -Tsvg -o build.svg") { mermaid, dot, json };
        var arguments = new WorkflowArguments(command);
        command.SetAction(result =>
        {
            if (new[] { mermaid, dot, json }.Count(o => result.GetValue(o)) > 1) throw new UsageException("Give only one of --mermaid, --dot and --json.");
            var workflow = arguments.Load(result, complete: false).Workflow.Workflow;
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
            {
                JsonLines.Write(output, new
                {
                    workflow.Name,
                    Steps = workflow.Steps.Select(s => new { s.Id, s.Title, Kind = s.Action.Key }),
                    Edges = workflow.Steps.SelectMany(s => s.Needs.Select(n => new { From = n.Name, To = s.Id })),
                });
            }
            else
            {
                output.Write(result.GetValue(dot) ? WorkflowGraph.Dot(workflow) : WorkflowGraph.Mermaid(workflow));
            }
        });
        return command;
    }
}
