namespace AgentRuntime.Tools.Sandbox;

/// <summary>What a command may see and change.</summary>
/// <param name="Repository">The repository's real root: the working folder, writable.</param>
/// <param name="ReadOnly">Folders and files inside the repository that stay read-only: git's own.</param>
public sealed record SandboxMounts(string Repository, IReadOnlyList<string> ReadOnly);
