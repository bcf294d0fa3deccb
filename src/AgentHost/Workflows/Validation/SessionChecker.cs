using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Planning;

namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>Checks that the conversations of steps are there when they are gone on with, and belong to the same model.</summary>
internal static class SessionChecker
{
    public static void Check(Workflow workflow, StepGraph graph, ProblemList problems)
    {
        Dictionary<string, WorkflowStep> shared = new(StringComparer.Ordinal);
        foreach (var step in workflow.Steps)
        {
            if (step.Session.Mode == SessionMode.Fork) CheckFork(step, workflow, graph, problems);
            else if (step.Session.Mode == SessionMode.Shared) CheckShared(step, shared, problems);
        }
    }

    private static void CheckFork(WorkflowStep step, Workflow workflow, StepGraph graph, ProblemList problems)
    {
        var (name, mark) = (step.Session.Name, step.Session.Mark);
        var origin = workflow.Find(name);
        var message = origin is null ? $"there is no step '{name}' to fork; expected a step with 'prompt' or 'agent'{Suggestion.For(name, workflow.Steps.Where(s => s.Action.UsesModel).Select(s => s.Id))}"
            : !graph.Before(step.Id).Contains(name) ? $"the step '{step.Id}' does not need '{name}', so that it may run first; add '{name}' to its 'needs'"
            : !origin.Action.UsesModel ? $"the step '{name}' has no conversation to fork; expected a step with 'prompt' or 'agent'"
            : origin.ForEach is not null ? $"the step '{name}' has a conversation for each entry of its 'foreach'; expected a step without"
            : origin.Model != step.Model ? $"a fork stays with its model: the step '{name}' has {Model(origin)}, this one {Model(step)}; remove 'model' from one of them"
            : null;
        if (message is not null) problems.Add(mark, message);
        if (step.Action is PromptAction { System: { } system }) problems.Add(system.Mark, "'system' is for a new conversation, and a fork goes on with another; remove it");
    }

    private static void CheckShared(WorkflowStep step, Dictionary<string, WorkflowStep> shared, ProblemList problems)
    {
        var (name, mark) = (step.Session.Name, step.Session.Mark);
        if (!shared.TryAdd(name, step) && shared[name] is var first && first.Model != step.Model)
            problems.Add(mark, $"a shared conversation stays with its model: the step '{first.Id}' has {Model(first)}, this one {Model(step)}; make them the same");
        if (step.ForEach is not null && step.MaxParallel > 1)
            problems.Add(mark, "a shared conversation goes on in order, one entry of 'foreach' at a time; set 'max-parallel' to 1, or fork");
    }

    private static string Model(WorkflowStep step) => step.Model is { } model ? $"the model '{model}'" : "the usual model";
}
