namespace AgentRuntime.Engine.Chat;

/// <summary>
/// A chat template cannot be parsed or rendered: a syntax error, an operation that Jinja refuses, a limit, or the
/// template's own <c>raise_exception</c>.
/// </summary>
public sealed class TemplateException : EngineException
{
    /// <summary>Creates the error.</summary>
    /// <param name="reason">What is wrong, without place or final stop.</param>
    /// <param name="line">Line of the template, from 1; 0 when it has none.</param>
    public TemplateException(string reason, int line = 0)
        : base(line > 0 ? $"The chat template failed in line {line}: {reason}" : $"The chat template failed: {reason}")
    {
        Reason = reason;
        Line = line;
    }

    /// <summary>What is wrong; the template's own words when it raised the error.</summary>
    public string Reason { get; }

    /// <summary>Line of the template, from 1; 0 when it has none.</summary>
    public int Line { get; }
}
