using System.Globalization;
using System.Text;

namespace AgentRuntime.Cli.Output;

/// <summary>
/// Makes text from a model, a file or a command safe to show on a terminal: escape sequences could hide or rewrite what a
/// person is asked to approve, so control characters become their pictures.
/// </summary>
internal static class VisibleText
{
    /// <summary>The text with line feeds and tabs as they are and every other control character in sight.</summary>
    public static string Of(string text)
    {
        if (!text.Any(MustChange)) return text;
        var visible = new StringBuilder(text.Length + 16);
        foreach (var c in text.Replace("\r\n", "\n", StringComparison.Ordinal))
        {
            if (!MustChange(c)) visible.Append(c);
            else if (c < 0x20) visible.Append((char)(0x2400 + c));
            else if (c == 0x7F) visible.Append('\u2421');
            else visible.Append(CultureInfo.InvariantCulture, $"<U+{(int)c:X4}>");
        }
        return visible.ToString();
    }

    // Besides the control characters: the marks that turn the direction of writing, which can reorder a command.
    private static bool MustChange(char c) =>
        c is not ('\n' or '\t') && (char.IsControl(c) || c is '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'));
}
