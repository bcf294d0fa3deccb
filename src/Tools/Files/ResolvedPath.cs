namespace AgentRuntime.Tools.Files;

/// <summary>A path of the repository after every link in it was followed.</summary>
/// <param name="Absolute">Where it really is; no component is a symbolic link.</param>
/// <param name="Relative">As it was asked for: relative to the repository, with <c>/</c>; empty for the root.</param>
public readonly record struct ResolvedPath(string Absolute, string Relative)
{
    /// <summary>Whether it is an existing folder.</summary>
    public bool IsFolder => Directory.Exists(Absolute);

    /// <summary>The path for messages: the relative path, or <c>.</c> for the root.</summary>
    public override string ToString() => Relative.Length == 0 ? "." : Relative;
}
