namespace AgentRuntime.Cli.Models;

/// <summary>A file on its way: what has arrived lies on the disk and in the hash, so that the next run can go on from there.</summary>
internal sealed class PartialFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly RemoteFile _file;
    private readonly FileHasher _hasher;

    private PartialFile(FileStream stream, RemoteFile file)
    {
        _stream = stream;
        _file = file;
        _hasher = new(file);
    }

    /// <summary>Bytes that have arrived.</summary>
    public long Length { get; private set; }

    /// <summary>Whether as many bytes have arrived as were announced.</summary>
    public bool IsFull => Length == _file.Size;

    /// <summary>Opens or creates the file and hashes what it holds.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="file">What it is to become.</param>
    /// <param name="hashed">Is told how many bytes have been hashed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ModelDownloadException">It cannot be opened, or another process is writing it.</exception>
    public static PartialFile Open(string path, RemoteFile file, Action<long> hashed, CancellationToken cancellationToken)
    {
        FileStream stream;
        try
        {
            // Unbuffered: what has arrived is on the disk whatever happens next.
            stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelDownloadException($"{path} cannot be written, or another agentrt is downloading it: {e.Message}", e);
        }
        var partial = new PartialFile(stream, file);
        try
        {
            if (stream.Length > file.Size) partial.Restart();
            if (stream.Length > 0) partial.Length = partial._hasher.Append(stream, hashed, cancellationToken);
            return partial;
        }
        catch
        {
            partial.Dispose();
            throw;
        }
    }

    /// <summary>Adds bytes that have arrived.</summary>
    /// <exception cref="ModelDownloadException">The disk is full or failed.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Write(bytes);
        }
        catch (IOException e)
        {
            throw new ModelDownloadException($"{_stream.Name} cannot be written ({e.Message.TrimEnd('.')}); make room and pull again: it goes on where it stopped.", e);
        }
        _hasher.Append(bytes);
        Length += bytes.Length;
    }

    /// <summary>Throws away what has arrived.</summary>
    public void Restart()
    {
        _stream.SetLength(0);
        _stream.Position = 0;
        _hasher.Restart();
        Length = 0;
    }

    /// <summary>Whether the content is what was announced; if so it is safe on the disk.</summary>
    public bool Verify()
    {
        if (!IsFull || !_hasher.Matches()) return false;
        _stream.Flush(flushToDisk: true);
        return true;
    }

    /// <summary>Closes the file; one that holds nothing is deleted.</summary>
    public void Dispose()
    {
        _hasher.Dispose();
        _stream.Dispose();
        if (Length == 0 && !IsFull) File.Delete(_stream.Name);
    }
}
