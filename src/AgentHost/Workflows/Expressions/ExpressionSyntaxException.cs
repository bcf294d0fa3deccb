namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>An expression that cannot be read; never leaves <see cref="ExpressionReader"/>.</summary>
internal sealed class ExpressionSyntaxException(int offset, string message) : Exception(message)
{
    /// <summary>Where in the text.</summary>
    public int Offset { get; } = offset;
}
