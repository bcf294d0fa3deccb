using System.Buffers;
using System.Net;
using Polly;

namespace AgentRuntime.Cli.Models;

/// <summary>Brings one file to the disk: goes on where an earlier try or run ended, and believes neither lengths nor content.</summary>
internal sealed class FileDownloader(HuggingFaceClient client, DownloadOptions options, IDownloadObserver observer)
{
    private const int BufferBytes = 256 << 10;
    private readonly ResiliencePipeline _retry = TransientRetry.Create(options, observer);

    /// <summary>Downloads a file; what arrives stays on the disk when this is cancelled or fails, except where it is wrong.</summary>
    /// <param name="repository"><c>owner/name</c>.</param>
    /// <param name="file">The file as announced.</param>
    /// <param name="path">Where to; bytes that are there already are taken for its first ones.</param>
    /// <param name="progress">Is told the phase and the bytes on the disk.</param>
    /// <param name="cancellationToken">Stops; what has arrived is kept.</param>
    /// <exception cref="ModelDownloadException">The network, the server or the disk failed, or the content is not what was announced.</exception>
    public async Task DownloadAsync(string repository, RemoteFile file, string path, Action<DownloadPhase, long> progress, CancellationToken cancellationToken)
    {
        using var partial = PartialFile.Open(path, file, done => progress(DownloadPhase.Checking, done), cancellationToken);
        for (var resumed = partial.Length > 0; ; resumed = false)
        {
            while (!partial.IsFull)
                await _retry.ExecuteAsync(async token => await FetchAsync(repository, file, partial, progress, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            if (partial.Verify()) return;
            partial.Restart();
            if (!resumed) throw new ModelDownloadException($"{file.Path} of {repository} does not have the hash that its listing announces, so it was deleted; pull again, and if that does not help the server's copy is damaged.");
            observer.Note($"What an earlier run downloaded of {file.Name} does not fit what the repository holds now, so it starts again.");
        }
    }

    /// <summary>One request: fetches what is missing, or as much of it as the connection brings.</summary>
    private async Task FetchAsync(string repository, RemoteFile file, PartialFile partial, Action<DownloadPhase, long> progress, CancellationToken cancellationToken)
    {
        var start = partial.Length;
        try
        {
            using var response = await client.OpenAsync(repository, file, start, cancellationToken).ConfigureAwait(false);
            CheckLength(response, file, partial);
            await CopyAsync(response, file, partial, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (TransientDownloadException) when (partial.Length - start >= options.Progress)
        {
            // The connection was cut, but is worth its while: the next request has all its tries again.
        }
    }

    private static void CheckLength(HttpResponseMessage response, RemoteFile file, PartialFile partial)
    {
        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            var range = response.Content.Headers.ContentRange;
            if (range is not { Unit: "bytes" } || range.From != partial.Length || (range.HasLength && range.Length != file.Size))
                throw new ModelDownloadException($"The server answers with '{range}' where bytes {partial.Length} to {file.Size - 1} of {file.Path} are wanted, so nothing of it was taken.");
            return;
        }
        if (partial.Length > 0) partial.Restart();
        if (response.Content.Headers.ContentLength is { } length && length != file.Size)
            throw new ModelDownloadException($"The server sends {length} bytes for {file.Path}, where its listing announces {file.Size}, so nothing of it was taken.");
    }

    private async Task CopyAsync(HttpResponseMessage response, RemoteFile file, PartialFile partial, Action<DownloadPhase, long> progress, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            while (await ReadAsync(body, buffer, file, partial, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                if (read > file.Size - partial.Length)
                {
                    partial.Restart();
                    throw new ModelDownloadException($"The server sends more bytes for {file.Path} than the {file.Size} that its listing announces, so it was deleted.");
                }
                partial.Append(buffer.AsSpan(0, read));
                progress(DownloadPhase.Downloading, partial.Length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        if (!partial.IsFull) throw Cut(file, partial, null);
    }

    private async Task<int> ReadAsync(Stream body, byte[] buffer, RemoteFile file, PartialFile partial, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(options.StallTimeout);
        try
        {
            return await body.ReadAsync(buffer, stall.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Cut(file, partial, e);
        }
    }

    private static TransientDownloadException Cut(RemoteFile file, PartialFile partial, Exception? cause) =>
        new($"The connection was cut after {partial.Length} of {file.Size} bytes of {file.Path}.", cause);
}
