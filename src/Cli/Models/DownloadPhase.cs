namespace AgentRuntime.Cli.Models;

/// <summary>What a download is doing.</summary>
internal enum DownloadPhase
{
    /// <summary>Hashes bytes that are on the disk already.</summary>
    Checking,

    /// <summary>Fetches bytes.</summary>
    Downloading,
}
