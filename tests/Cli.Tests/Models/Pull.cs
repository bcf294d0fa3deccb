using AgentRuntime.Cli.Models;

namespace AgentRuntime.Cli.Tests.Models;

/// <summary>Pulls from a server into a temporary model folder, with short waits.</summary>
internal sealed class Pull : IDownloadObserver, IDisposable
{
    private readonly List<(DownloadPhase Phase, long Done, long Total)> _progress = [];

    public Pull() => Folder = new(Directory.CreateTempSubdirectory("agentrt-models-").FullName);

    public HubServer Hub { get; } = new();

    public ModelFolder Folder { get; }

    public DownloadOptions Options { get; set; } = new() { Retries = 3, RetryDelay = TimeSpan.FromMilliseconds(1), MaxRetryDelay = TimeSpan.FromMilliseconds(2) };

    public List<string> Notes { get; } = [];

    public IReadOnlyList<(DownloadPhase Phase, long Done, long Total)> Steps => _progress;

    /// <summary>Is told about progress, too.</summary>
    public Action<long>? OnProgress { get; set; }

    public async Task<PulledModel> RunAsync(string reference = HubServer.Repository, string? token = null, CancellationToken cancellationToken = default)
    {
        using var client = new HuggingFaceClient(HubSettings.Create(Hub.Address, token), Options);
        return await new ModelDownloader(client, Folder, Options, this).PullAsync(ModelReference.Parse(reference), cancellationToken);
    }

    /// <summary>Pulls what cannot be pulled.</summary>
    /// <returns>The sentence that the user reads.</returns>
    public async Task<string> FailAsync(string reference = HubServer.Repository, string? token = null) =>
        (await Assert.ThrowsAnyAsync<ModelDownloadException>(() => RunAsync(reference, token))).Message;

    public string PathTo(string name) => Path.Combine(Folder.Path, name);

    public void Write(string name, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathTo(name))!);
        File.WriteAllBytes(PathTo(name), content);
    }

    /// <summary>All files in the model folder, in order.</summary>
    public string[] Files() => [.. Directory.EnumerateFiles(Folder.Path, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder.Path, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public void Progress(DownloadPhase phase, long done, long total)
    {
        _progress.Add((phase, done, total));
        OnProgress?.Invoke(done);
    }

    public void Note(string sentence) => Notes.Add(sentence);

    public void Dispose()
    {
        Hub.Dispose();
        Directory.Delete(Folder.Path, true);
    }
}
