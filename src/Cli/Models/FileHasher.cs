using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AgentRuntime.Cli.Models;

/// <summary>Hashes a file piece by piece as its digest asks for.</summary>
internal sealed class FileHasher : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private readonly RemoteFile _file;
    private readonly IncrementalHash _hash;

    public FileHasher(RemoteFile file)
    {
        _file = file;
        _hash = IncrementalHash.CreateHash(file.Digest.Algorithm == DigestAlgorithm.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        Start();
    }

    /// <summary>Adds the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>Adds what a stream holds from here on.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="hashed">Is told how many bytes of it have been added.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>How many bytes it held.</returns>
    public long Append(Stream stream, Action<long> hashed, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var length = 0L;
            while (stream.Read(buffer) is > 0 and var read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Append(buffer.AsSpan(0, read));
                hashed(length += read);
            }
            return length;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Forgets all bytes.</summary>
    public void Restart()
    {
        _hash.GetHashAndReset();
        Start();
    }

    /// <summary>Whether the bytes so far are the whole file as it was announced.</summary>
    public bool Matches() => Convert.ToHexStringLower(_hash.GetCurrentHash()) == _file.Digest.Hex;

    public void Dispose() => _hash.Dispose();

    private void Start()
    {
        if (_file.Digest.Algorithm == DigestAlgorithm.GitBlob)
            Append(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {_file.Size}\0")));
    }
}
