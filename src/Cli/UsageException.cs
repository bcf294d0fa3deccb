using AgentRuntime.Engine;

namespace AgentRuntime.Cli;

/// <summary>The command line or its input is wrong; ends the command with <see cref="ExitCode.Usage"/>.</summary>
internal sealed class UsageException(string message) : EngineException(message);
