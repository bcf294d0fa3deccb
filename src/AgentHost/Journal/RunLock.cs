namespace AgentRuntime.AgentHost.Journal;

/// <summary>Held while a process works on a run, so that no two resume it at once. The system releases it when the process dies.</summary>
internal static class RunLock
{
    /// <exception cref="JournalException">Another process holds it.</exception>
    public static IDisposable Take(string journal, string run)
    {
        var folder = Directory.CreateDirectory(journal + ".locks").FullName;
        try
        {
            return new FileStream(Path.Combine(folder, run), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e)
        {
            throw new JournalException($"Run {run} is being worked on by another process; wait for it or stop it first.", e);
        }
    }
}
