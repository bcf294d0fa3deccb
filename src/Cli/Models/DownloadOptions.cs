namespace AgentRuntime.Cli.Models;

/// <summary>How patient a download is.</summary>
internal sealed record DownloadOptions
{
    /// <summary>Tries after the first one, counted anew whenever a try has brought <see cref="Progress"/> bytes.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The wait before the second try; it doubles from try to try.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait, also where the server asks for a longer one.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a connection may be silent before it counts as cut.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes that make a try worth repeating at once.</summary>
    public long Progress { get; init; } = 1 << 20;
}
