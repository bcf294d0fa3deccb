namespace AgentRuntime.Tools.Shell;

/// <summary>
/// Environment variables for one command, besides the few that all get. A caller puts it into the call's context under its
/// type. They reach the command through a pipe: neither a list of processes nor an approval shows them.
/// </summary>
/// <param name="Values">Names (letters, digits and <c>_</c>, no digit first) and values.</param>
public sealed record CommandVariables(IReadOnlyDictionary<string, string> Values)
{
    /// <summary>Shell commands that set the variables.</summary>
    internal string ToScript() => string.Concat(Values.Select(v => $"export {v.Key}='{v.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'\n"));

    /// <summary>What is wrong with them, or null.</summary>
    internal string? Problem() =>
        Values.Keys.FirstOrDefault(name => name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) is { } wrong
            ? $"'{wrong}' cannot be the name of an environment variable"
            : Values.FirstOrDefault(v => v.Value.Contains('\0', StringComparison.Ordinal)).Key is { } broken ? $"the environment variable {broken} holds a NUL character" : null;
}
