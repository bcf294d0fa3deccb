using AgentRuntime.Engine;

namespace AgentRuntime.Server.Http;

/// <summary>A request is refused: status and what OpenAI's error form says.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="message">One sentence for the caller.</param>
/// <param name="param">The field at fault, for instance <c>messages[2].content</c>.</param>
/// <param name="code">A name that programs know.</param>
internal sealed class ApiException(int status, string message, string? param = null, string? code = null) : EngineException(message)
{
    public int Status { get; } = status;

    public string? Param { get; } = param;

    public string? Code { get; } = code;

    /// <summary>When to try again, for the <c>Retry-After</c> header.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A field that is absent, of another type or out of range.</summary>
    public static ApiException Invalid(string param, string reason) => new(400, $"{param}: {reason}.", param, "invalid_value");

    /// <summary>A field that this server does not honour.</summary>
    public static ApiException Unsupported(string param, string reason) => new(400, $"{param} {reason}.", param, "unsupported_parameter");
}
