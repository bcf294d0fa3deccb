namespace AgentRuntime.Cli.Models;

/// <summary>A failure that may be gone at the next try: a cut connection, a busy server.</summary>
/// <param name="message">The sentence that the user reads when no try succeeds.</param>
/// <param name="cause">What failed.</param>
/// <param name="retryAfter">How long the server asks to wait.</param>
internal sealed class TransientDownloadException(string message, Exception? cause = null, TimeSpan? retryAfter = null) : ModelDownloadException(message, cause)
{
    public TimeSpan? RetryAfter => retryAfter;
}
