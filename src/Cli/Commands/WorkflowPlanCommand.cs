using System.CommandLine;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Planning;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt workflow plan</c>: what would run, in which order, without running it.</summary>
internal static class WorkflowPlanCommand
{
    private const int MaxLine = 160;

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("plan", "Shows what a workflow would do, without doing it. Example: agentrt workflow plan build.yaml --input topic=parsers") { json };
        var arguments = new WorkflowArguments(command);
        command.SetAction(result =>
        {
            var (loaded, inputs) = arguments.Load(result, complete: false);
            var plan = WorkflowPlan.Create(loaded, inputs);
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json)) JsonLines.Write(output, Json(plan));
            else Write(plan, output, "");
        });
        return command;
    }

    private static void Write(WorkflowPlan plan, TextWriter output, string indent)
    {
        output.WriteLine($"{indent}{plan.Workflow.Name}");
        foreach (var input in plan.MissingInputs) output.WriteLine($"{indent}needs the input '{input}': --input {input}=…");
        if (indent.Length == 0 && plan.Secrets.Count > 0) output.WriteLine($"takes secrets from the environment: {string.Join(", ", plan.Secrets)}");
        foreach (var (index, group) in plan.Groups.Index())
        {
            output.WriteLine($"{indent}{index + 1}.{(group.Count > 1 ? " at the same time:" : "")}");
            foreach (var step in group)
            {
                output.WriteLine($"{indent}   {step.Step.Title}{Remarks(step)}");
                output.WriteLine($"{indent}     {Cut(step.Does)}");
                if (step.Called is not null) Write(step.Called, output, indent + "     ");
            }
        }
    }

    private static string Remarks(PlannedStep planned)
    {
        var step = planned.Step;
        List<string> remarks = [];
        if (planned.Runs == false) remarks.Add("skipped: its 'if' is false");
        if (planned.Runs is null) remarks.Add("if a condition on earlier steps holds");
        if (step.ForEach is not null) remarks.Add($"for each of {(planned.Items is { } items ? $"{items}" : "a list's entries")}{(step.MaxParallel is { } most ? $", {most} at a time" : "")}");
        if (step.Needs.Count > 0) remarks.Add("after " + string.Join(", ", step.Needs.Select(n => n.Name)));
        if (step.Session.Mode != SessionMode.New) remarks.Add("session " + step.Session);
        if (step.Retry is { } retry) remarks.Add($"tried up to {retry.Max + 1} times");
        if (step.Timeout is { } timeout) remarks.Add($"within {Durations.Text(timeout.TotalMilliseconds)}");
        if (step.ContinueOnError) remarks.Add("may fail");
        return remarks.Count == 0 ? "" : $" ({string.Join("; ", remarks)})";
    }

    private static string Cut(string text)
    {
        var visible = VisibleText.Of(text);
        return visible.Length <= MaxLine ? visible : visible[..(MaxLine - 1)] + "…";
    }

    private static object Json(WorkflowPlan plan) => new
    {
        plan.Workflow.Name,
        plan.MissingInputs,
        plan.Secrets,
        Groups = plan.Groups.Select(group => group.Select(planned => new
        {
            planned.Step.Id,
            planned.Step.Name,
            Kind = planned.Step.Action.Key,
            planned.Does,
            Needs = planned.Step.Needs.Select(n => n.Name),
            planned.Runs,
            Foreach = planned.Step.ForEach is not null,
            planned.Items,
            planned.Step.MaxParallel,
            Session = planned.Step.Action.UsesModel ? planned.Step.Session.ToString() : null,
            planned.Step.Model,
            Retries = planned.Step.Retry?.Max ?? 0,
            TimeoutMs = planned.Step.Timeout?.TotalMilliseconds,
            planned.Step.ContinueOnError,
            Called = planned.Called is null ? null : Json(planned.Called),
        })),
    };
}
