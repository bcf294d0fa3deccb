using System.Text.RegularExpressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>Names that expressions can refer to.</summary>
internal static partial class Identifiers
{
    /// <summary>The pattern, for editors.</summary>
    public const string Pattern = "^[A-Za-z_][A-Za-z0-9_-]{0,63}$";

    public static bool IsValid(string name) => Valid().IsMatch(name);

    /// <summary>Whether a name is one; a problem when it is not.</summary>
    public static bool Check(string name, Mark mark, string noun, ProblemList problems)
    {
        if (IsValid(name)) return true;
        problems.Add(mark, $"'{(name.Length <= 80 ? name : name[..80] + "…")}' is no name of {noun}; expected at most 64 letters, digits, '_' and '-', a letter or '_' first");
        return false;
    }

    [GeneratedRegex(Pattern)]
    private static partial Regex Valid();
}
