namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>How a failed step is tried again.</summary>
/// <param name="Max">How often it is tried again after the first attempt; 1 to 20.</param>
/// <param name="Backoff">Delay before the second attempt; each later one is twice the one before.</param>
/// <param name="Jitter">Whether delays vary by chance, so that steps that failed together do not come back together.</param>
/// <param name="On">After what it is tried again; at least one.</param>
public sealed record RetryPolicy(int Max, TimeSpan Backoff, bool Jitter, IReadOnlyList<RetryCondition> On)
{
    /// <summary>Delay when none is given.</summary>
    public static readonly TimeSpan DefaultBackoff = TimeSpan.FromSeconds(1);

    /// <summary>A policy that differs from the usual one in its number only.</summary>
    public static RetryPolicy Times(int max) => new(max, DefaultBackoff, true, [RetryCondition.Error, RetryCondition.Timeout]);
}
