using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Planning;

/// <summary>What a step would do.</summary>
/// <param name="Step">The step.</param>
/// <param name="Does">What it would do, in one line; expressions that are not known yet are shown as written.</param>
/// <param name="Runs">Whether it would run: true, false, or null where that depends on earlier steps.</param>
/// <param name="Items">How many entries its <c>foreach</c> has; null without one, or where that depends on earlier steps.</param>
/// <param name="Called">The plan of the workflow that it calls, or null.</param>
public sealed record PlannedStep(WorkflowStep Step, string Does, bool? Runs, int? Items, WorkflowPlan? Called);
