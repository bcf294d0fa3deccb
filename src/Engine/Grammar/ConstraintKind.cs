namespace AgentRuntime.Engine.Grammar;

/// <summary>The kinds of <see cref="Constraint"/>.</summary>
internal enum ConstraintKind
{
    Schema,
    Regex,
    Choices,
}
