namespace AgentRuntime.Cli.Models;

/// <summary>Is told how a download goes, in order, from one thread at a time.</summary>
internal interface IDownloadObserver
{
    /// <summary>Bytes that are on the disk, of those that the model has.</summary>
    void Progress(DownloadPhase phase, long done, long total);

    /// <summary>A sentence worth reading, such as why a try failed.</summary>
    void Note(string sentence);
}
