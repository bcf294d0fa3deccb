using AgentRuntime.Cli.Output;

namespace AgentRuntime.Cli.Models;

/// <summary>Installs a model from the Hub: list, choose, check the room, download, verify, and only then give it its name.</summary>
internal sealed class ModelDownloader(HuggingFaceClient client, ModelFolder folder, DownloadOptions options, IDownloadObserver observer)
{
    private readonly FileDownloader _files = new(client, options, observer);

    /// <summary>Installs a model; one that is there already and has not changed is only checked.</summary>
    /// <exception cref="UsageException">The choice among the repository's models is open.</exception>
    /// <exception cref="ModelDownloadException">It cannot be downloaded.</exception>
    public async Task<PulledModel> PullAsync(ModelReference reference, CancellationToken cancellationToken)
    {
        var listing = await TransientRetry.Create(options, observer)
            .ExecuteAsync(async token => await client.ListFilesAsync(reference.Repository, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        var model = ModelSelector.Select(reference, listing);
        var final = model.IsFolder ? folder.FolderPath(model.Name) : folder.FilePath(model.Name);
        if (IsInstalled(model, final, cancellationToken)) return new(model.Name, final, model.Size, 0);

        var partial = ModelFolder.PartialPath(final);
        Directory.CreateDirectory(model.IsFolder ? partial : folder.Path);
        var missing = Missing(model, partial);
        RequireRoom(model, missing);
        await DownloadAsync(reference.Repository, model, partial, cancellationToken).ConfigureAwait(false);
        if (model.IsFolder) InstallFolder(model, partial, final);
        else File.Move(partial, final, overwrite: true);
        return new(model.Name, final, model.Size, missing);
    }

    private async Task DownloadAsync(string repository, ModelSelection model, string partial, CancellationToken cancellationToken)
    {
        var before = 0L;
        foreach (var file in model.Files)
        {
            var start = before;
            await _files.DownloadAsync(repository, file, PathOf(model, file, partial), (phase, done) => observer.Progress(phase, start + done, model.Size), cancellationToken).ConfigureAwait(false);
            before += file.Size;
        }
    }

    private bool IsInstalled(ModelSelection model, string final, CancellationToken cancellationToken)
    {
        if (model.IsFolder ? !Directory.Exists(final) : !File.Exists(final)) return false;
        if (model.Files.Any(file => new FileInfo(PathOf(model, file, final)) is var here && !(here.Exists && here.Length == file.Size))) return false;
        var before = 0L;
        foreach (var file in model.Files)
        {
            var start = before;
            using var stream = File.OpenRead(PathOf(model, file, final));
            using var hasher = new FileHasher(file);
            hasher.Append(stream, done => observer.Progress(DownloadPhase.Checking, start + done, model.Size), cancellationToken);
            if (!hasher.Matches()) return false;
            before += file.Size;
        }
        return true;
    }

    private static long Missing(ModelSelection model, string partial) => model.Files.Sum(file =>
    {
        var here = new FileInfo(PathOf(model, file, partial));
        return here.Exists && here.Length <= file.Size ? file.Size - here.Length : file.Size;
    });

    private void RequireRoom(ModelSelection model, long missing)
    {
        var free = new DriveInfo(folder.Path).AvailableFreeSpace;
        if (missing > free)
            throw new ModelDownloadException($"{model.Name} needs {Sizes.Text(missing)} more in {folder.Path}, where {Sizes.Text(free)} are free; make room, or move the folder with AGENTRT_HOME.");
    }

    /// <summary>Gives the folder its name, without files that an earlier version of the model had.</summary>
    private static void InstallFolder(ModelSelection model, string partial, string final)
    {
        foreach (var stale in Directory.EnumerateFiles(partial).Where(path => model.Files.All(file => file.Name != Path.GetFileName(path))).ToArray()) File.Delete(stale);
        if (Directory.Exists(final)) Directory.Delete(final, recursive: true);
        Directory.Move(partial, final);
    }

    private static string PathOf(ModelSelection model, RemoteFile file, string root) => model.IsFolder ? Path.Combine(root, file.Name) : root;
}
