namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>A piece of a template.</summary>
/// <param name="Source">The literal text, or the expression as written with its <c>${{ }}</c>.</param>
/// <param name="Expression">The expression, or null for literal text.</param>
public sealed record TemplatePart(string Source, Expression? Expression);
