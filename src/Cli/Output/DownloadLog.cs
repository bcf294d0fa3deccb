using AgentRuntime.Cli.Models;

namespace AgentRuntime.Cli.Output;

/// <summary>Follows a download where there is no terminal: notes only.</summary>
internal sealed class DownloadLog(TextWriter error) : IDownloadObserver
{
    public void Progress(DownloadPhase phase, long done, long total) { }

    public void Note(string sentence) => error.WriteLine(sentence);
}
