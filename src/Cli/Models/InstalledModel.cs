namespace AgentRuntime.Cli.Models;

/// <summary>A model in the model folder.</summary>
/// <param name="Name">What <c>--model</c> takes.</param>
/// <param name="Path">The file to open, or the folder.</param>
/// <param name="Bytes">Room that it takes.</param>
/// <param name="IsPartial">Whether its download has not ended, so that it cannot be used yet.</param>
internal sealed record InstalledModel(string Name, string Path, long Bytes, bool IsPartial);
