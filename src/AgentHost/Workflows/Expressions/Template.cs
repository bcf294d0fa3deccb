namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>A text with expressions in it.</summary>
/// <param name="Source">As written.</param>
/// <param name="Parts">Literal text and expressions in turn.</param>
public sealed record Template(string Source, IReadOnlyList<TemplatePart> Parts)
{
    /// <summary>The expression, when the text is one expression and nothing else: its value then keeps its type.</summary>
    public Expression? Whole => Parts is [{ Expression: { } expression }] ? expression : null;
}
