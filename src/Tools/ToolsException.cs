namespace AgentRuntime.Tools;

/// <summary>
/// The tools cannot be set up as asked (no such repository, approval without a sandbox). The message is one clear
/// sentence that a program may show as it is. A tool that runs never throws it: it returns a <see cref="ToolResult"/>.
/// </summary>
public sealed class ToolsException : Exception
{
    /// <summary>Creates the error with its sentence.</summary>
    public ToolsException(string message) : base(message) { }

    /// <summary>Creates the error with its sentence and what caused it.</summary>
    public ToolsException(string message, Exception innerException) : base(message, innerException) { }
}
