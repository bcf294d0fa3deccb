using DiffPlex.Renderer;

namespace AgentRuntime.Tools.Files;

/// <summary>The diff of a planned change, for a person.</summary>
internal static class UnifiedDiff
{
    private const int MaxCharacters = 1_000_000;

    /// <summary>The unified diff between two texts.</summary>
    /// <param name="path">The file's path relative to the repository.</param>
    /// <param name="before">The text before; null for a new file.</param>
    /// <param name="after">The text after.</param>
    public static string Create(string path, string? before, string after)
    {
        var from = before is null ? "/dev/null" : "a/" + path;
        // The time to compare grows with size times difference.
        return (before?.Length ?? 0) + after.Length > MaxCharacters
            ? $"--- {from}\n+++ b/{path}\n(too large to show: {before?.Length ?? 0:N0} characters become {after.Length:N0})\n"
            : UnidiffRenderer.GenerateUnidiff(Plain(before ?? ""), Plain(after), from, "b/" + path, ignoreWhitespace: false);
    }

    private static string Plain(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);
}
