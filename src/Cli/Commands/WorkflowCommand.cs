using System.CommandLine;
using AgentRuntime.AgentHost.Workflows.Reading;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt workflow run|validate|plan|graph|schema</c>.</summary>
internal static class WorkflowCommand
{
    public static Command Create() => new("workflow", "YAML workflows. Example: agentrt workflow validate build.yaml")
    {
        WorkflowRunCommand.Create(),
        WorkflowValidateCommand.Create(),
        WorkflowPlanCommand.Create(),
        WorkflowGraphCommand.Create(),
        Schema(),
    };

    private static Command Schema()
    {
        var command = new Command("schema", "The JSON schema of workflows, for editors. Example: agentrt workflow schema > workflow.schema.json");
        command.SetAction(result => result.InvocationConfiguration.Output.Write(WorkflowSchema.Create()));
        return command;
    }
}
