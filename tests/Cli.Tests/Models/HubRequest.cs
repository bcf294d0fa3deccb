using System.Globalization;

namespace AgentRuntime.Cli.Tests.Models;

internal sealed record HubRequest(string Path, IReadOnlyDictionary<string, string> Headers)
{
    public bool IsDownload => !Path.StartsWith("/api/", StringComparison.Ordinal);

    public string? Authorization => Headers.GetValueOrDefault("Authorization");

    /// <summary>The first byte of the range that is asked for.</summary>
    public long? RangeStart => Headers.TryGetValue("Range", out var range) ? long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture) : null;
}
