using System.Globalization;

namespace AgentRuntime.Cli.Output;

/// <summary>How times are shown to people.</summary>
internal static class Durations
{
    /// <summary>Milliseconds with sensible digits: <c>0.4 ms</c>, <c>38 ms</c>, <c>2.1 s</c>, <c>3 min 4 s</c>.</summary>
    public static string Text(double ms) => ms switch
    {
        < 10 => ms.ToString("0.0 'ms'", CultureInfo.InvariantCulture),
        < 1000 => ms.ToString("0 'ms'", CultureInfo.InvariantCulture),
        < 60_000 => (ms / 1000).ToString("0.0 's'", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)(ms / 60_000)} min {(int)(ms / 1000) % 60} s"),
    };
}
