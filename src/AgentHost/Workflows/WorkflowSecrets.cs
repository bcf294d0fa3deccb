using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Validation;

namespace AgentRuntime.AgentHost.Workflows;

/// <summary>The secrets of a workflow and of those that it calls, from the environment.</summary>
/// <param name="Values">By name: the value of <c>secrets</c> in expressions.</param>
/// <param name="Mask">Hides them.</param>
public sealed record WorkflowSecrets(JsonObject Values, SecretMask Mask)
{
    /// <summary>Reads the secrets that expressions refer to, and no others.</summary>
    /// <param name="loaded">The workflow.</param>
    /// <param name="environment">The value of an environment variable, or null.</param>
    /// <exception cref="WorkflowException">One is not set, or empty.</exception>
    public static WorkflowSecrets Read(LoadedWorkflow loaded, Func<string, string?> environment)
    {
        var values = new JsonObject();
        var problems = new ProblemList(loaded.Workflow.File);
        foreach (var workflow in loaded.All)
        {
            foreach (var (name, mark) in ExpressionReferences.SecretPlaces(workflow))
            {
                if (values.ContainsKey(name)) continue;
                if (environment(name) is { Length: > 0 } value) values[name] = value;
                else problems.Add(new WorkflowProblem(workflow.File, mark, $"the secret '{name}' is not set; set the environment variable {name}"));
            }
        }
        if (problems.Count > 0) throw new WorkflowException(problems.InOrder());
        return new(values, new(values.Select(v => v.Value!.GetValue<string>())));
    }
}
