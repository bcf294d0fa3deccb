using System.Text;
using System.Text.RegularExpressions;

namespace AgentRuntime.Tools.Files;

/// <summary>
/// One line of a .gitignore file, as gitignore(5) describes it. Neither libgit2 (it drops some <c>!</c> rules of nested
/// files) nor a backtracking match (a hostile pattern could take for ever) would do.
/// </summary>
internal sealed class IgnorePattern
{
    private readonly Regex _regex;
    private readonly bool _foldersOnly;
    private readonly bool _anchored;

    private IgnorePattern(Regex regex, bool keeps, bool foldersOnly, bool anchored) =>
        (_regex, Keeps, _foldersOnly, _anchored) = (regex, keeps, foldersOnly, anchored);

    /// <summary>Whether what matches is not ignored after all (<c>!</c>).</summary>
    public bool Keeps { get; }

    /// <summary>Reads a line; null for a comment, an empty line, and a pattern that can match nothing.</summary>
    public static IgnorePattern? Parse(string line)
    {
        var pattern = TrimEnd(line);
        if (pattern.Length == 0 || pattern[0] == '#')
            return null;
        var keeps = pattern[0] == '!';
        if (keeps)
            pattern = pattern[1..];
        var foldersOnly = pattern.EndsWith('/');
        if (foldersOnly)
            pattern = pattern[..^1];
        var anchored = pattern.Contains('/');
        if (pattern.StartsWith('/'))
            pattern = pattern[1..];
        if (pattern.Length == 0 || ToRegex(pattern) is not { } expression)
            return null;
        var regex = new Regex(expression, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline);
        return new IgnorePattern(regex, keeps, foldersOnly, anchored);
    }

    /// <summary>Whether the pattern matches a path relative to the folder of its file.</summary>
    public bool IsMatch(ReadOnlySpan<char> path, bool isFolder)
    {
        if (_foldersOnly && !isFolder)
            return false;
        // Without a slash the name alone counts, at every depth.
        return _regex.IsMatch(_anchored ? path : path[(path.LastIndexOf('/') + 1)..]);
    }

    private static string TrimEnd(string line)
    {
        var text = line.TrimEnd('\r', '\n');
        var end = text.Length;
        while (end > 0 && text[end - 1] == ' ' && !(end > 1 && text[end - 2] == '\\'))
            end--;
        return text[..end];
    }

    private static string? ToRegex(string pattern)
    {
        var regex = new StringBuilder(@"\A");
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*':
                    var start = i;
                    while (i + 1 < pattern.Length && pattern[i + 1] == '*')
                        i++;
                    var wholeName = (start == 0 || pattern[start - 1] == '/') && (i + 1 == pattern.Length || pattern[i + 1] == '/');
                    if (i == start || !wholeName)
                        regex.Append("[^/]*");
                    else if (i + 1 == pattern.Length)
                        regex.Append(".+");
                    else
                        (_, i) = (regex.Append("(?:.*/)?"), i + 1);
                    break;
                case '?':
                    regex.Append("[^/]");
                    break;
                case '[':
                    if (!AppendClass(pattern, ref i, regex))
                        return null;
                    break;
                case '\\':
                    if (++i == pattern.Length)
                        return null;
                    regex.Append(Regex.Escape(pattern[i..(i + 1)]));
                    break;
                default:
                    regex.Append(Regex.Escape(pattern[i..(i + 1)]));
                    break;
            }
        }

        return regex.Append(@"\z").ToString();
    }

    /// <summary>Appends a class, <paramref name="i"/> at its bracket and afterwards at its end; false where it is not closed.</summary>
    private static bool AppendClass(string pattern, ref int i, StringBuilder regex)
    {
        var at = i + 1;
        var not = at < pattern.Length && pattern[at] is '!' or '^';
        if (not)
            at++;
        var content = new StringBuilder();
        for (var first = at; at < pattern.Length && (pattern[at] != ']' || at == first);)
        {
            if (pattern.AsSpan(at).StartsWith("[:") && pattern.IndexOf(":]", at + 2, StringComparison.Ordinal) is > 0 and var close)
            {
                if (NamedClass(pattern[(at + 2)..close]) is not { } named)
                    return false;
                content.Append(named);
                at = close + 2;
                continue;
            }

            if (TakeCharacter(pattern, ref at) is not { } low)
                return false;
            var high = low;
            if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] != ']')
            {
                at++;
                if (TakeCharacter(pattern, ref at) is not { } last)
                    return false;
                high = last;
            }

            // A range from back to front is empty; the rest of the class still counts.
            if (low <= high)
                content.Append($"\\u{(int)low:x4}-\\u{(int)high:x4}");
        }

        if (at >= pattern.Length)
            return false;
        i = at;
        // A class never matches a slash, also not by exclusion or within a range; one that holds nothing matches nothing.
        regex.Append(not ? $"[^/{content}]" : content.Length == 0 ? @"[^\s\S]" : $"[{content}-[/]]");
        return true;
    }

    private static char? TakeCharacter(string pattern, ref int at)
    {
        if (pattern[at] == '\\')
            at++;
        return at < pattern.Length ? pattern[at++] : null;
    }

    private static string? NamedClass(string name) => name switch
    {
        "alpha" => "A-Za-z",
        "digit" => "0-9",
        "alnum" => "A-Za-z0-9",
        "upper" => "A-Z",
        "lower" => "a-z",
        "xdigit" => "0-9A-Fa-f",
        "space" => @"\s",
        "blank" => @" \t",
        "punct" => @"!-/:-@\[-`{-~",
        _ => null,
    };
}
