using AgentRuntime.AgentHost.Workflows.Expressions;

namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>A scalar with expressions in it. One that is a single expression and nothing else keeps the expression's type.</summary>
/// <param name="Template">The text and its expressions.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record TextValue(Template Template, Mark Mark) : WorkflowValue(Mark);
