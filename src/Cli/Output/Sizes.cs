using System.Globalization;

namespace AgentRuntime.Cli.Output;

/// <summary>How numbers of bytes are shown to people.</summary>
internal static class Sizes
{
    private static readonly string[] Units = ["kB", "MB", "GB", "TB", "PB"];

    /// <summary>For numbers that are compared: <c>4,683.1 MB</c>.</summary>
    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N1} MB");

    /// <summary>Three digits and a decimal unit: <c>512 bytes</c>, <c>35.1 MB</c>, <c>4.68 GB</c>.</summary>
    public static string Text(double bytes)
    {
        if (bytes < 1000) return bytes.ToString("0 'bytes'", CultureInfo.InvariantCulture);
        var unit = -1;
        for (; bytes >= 999.5 && unit < Units.Length - 1; unit++) bytes /= 1000;
        return bytes.ToString(bytes < 9.995 ? "0.00" : bytes < 99.95 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }
}
