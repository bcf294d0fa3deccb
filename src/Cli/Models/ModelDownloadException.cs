using AgentRuntime.Engine;

namespace AgentRuntime.Cli.Models;

/// <summary>A model could not be downloaded: the network, the server or the disk failed; ends the command with <see cref="ExitCode.Failure"/>.</summary>
internal class ModelDownloadException(string message, Exception? cause = null) : EngineException(message, cause!);
