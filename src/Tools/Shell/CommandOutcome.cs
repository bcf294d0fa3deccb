namespace AgentRuntime.Tools.Shell;

/// <summary>How a command ended.</summary>
/// <param name="Output">What it wrote, capped.</param>
/// <param name="ExitCode">Its exit code; null when it was ended at its timeout.</param>
/// <param name="LauncherError">What the sandbox itself said; empty when all was well.</param>
internal sealed record CommandOutcome(string Output, int? ExitCode, string LauncherError);
