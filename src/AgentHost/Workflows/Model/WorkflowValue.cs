namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>
/// A value as written in a workflow: a <see cref="ConstantValue"/>, a <see cref="TextValue"/> with expressions in it, or a
/// <see cref="ListValue"/> or <see cref="MapValue"/> of such values.
/// </summary>
/// <param name="Mark">Where it is written.</param>
public abstract record WorkflowValue(Mark Mark);
