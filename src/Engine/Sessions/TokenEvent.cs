namespace AgentRuntime.Engine.Sessions;

/// <summary>
/// One event of a generation. Every token gives one; the last event has no token but <see cref="FinishReason"/> and
/// <see cref="Usage"/>.
/// </summary>
public sealed record TokenEvent
{
    /// <summary>The generated token, or null in the last event.</summary>
    public int? Token { get; init; }

    /// <summary>Text that became complete with it: never half a character, empty while one is unfinished and for control tokens.</summary>
    public string Text { get; init; } = "";

    /// <summary>Natural logarithm of the token's probability before temperature and filters, when asked for; 0 for a token that a grammar forced.</summary>
    public float? LogProbability { get; init; }

    /// <summary>The likeliest tokens at this place, likeliest first, when asked for; null for a token that a grammar forced.</summary>
    public IReadOnlyList<TokenProbability>? TopLogProbabilities { get; init; }

    /// <summary>From the request to this event.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>Why it ended, in the last event.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>What it cost, in the last event.</summary>
    public Usage? Usage { get; init; }
}
