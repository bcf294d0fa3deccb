namespace AgentRuntime.Cli.Models;

/// <summary>What a pull has installed.</summary>
/// <param name="Name">What <c>--model</c> takes.</param>
/// <param name="Path">The file or folder.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="DownloadedBytes">What had to be fetched of it: less when an earlier run had begun.</param>
internal sealed record PulledModel(string Name, string Path, long Bytes, long DownloadedBytes);
