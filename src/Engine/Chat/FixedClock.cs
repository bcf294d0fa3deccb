using System.Globalization;

namespace AgentRuntime.Engine.Chat;

/// <summary>A clock that stands still, in the zone that its time was written in.</summary>
internal sealed class FixedClock(DateTimeOffset now) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone { get; } = TimeZoneInfo.CreateCustomTimeZone("fixed", now.Offset, null, null);

    public override DateTimeOffset GetUtcNow() => now.ToUniversalTime();

    /// <summary>Reads an ISO 8601 time; without a zone it is taken as it is.</summary>
    public static FixedClock Parse(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var now)
            ? new(now)
            : throw new TemplateException($"'now' of the input is no ISO 8601 time: '{text}'");
}
