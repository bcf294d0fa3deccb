using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.KvCache;

namespace AgentRuntime.Engine.Sessions;

/// <summary>
/// The file of a suspended session. Little endian: magic (8 bytes), model fingerprint (32), KV type, block size in
/// bytes, number of tokens, number of computed tokens (4 each), the tokens (4 each), SHA-256 of all before (32), the KV
/// blocks, SHA-256 of the blocks (32). Nothing in it is believed before its checksum holds, save lengths, which the
/// file's own length must confirm.
/// </summary>
internal static class SessionSnapshot
{
    private const int HeaderBytes = 8 + 32 + 4 * 4;
    private const int ChecksumBytes = SHA256.HashSizeInBytes;
    private const int GroupBytes = 8 << 20;
    private static readonly byte[] Magic = Encoding.ASCII.GetBytes("ARKVSN01");

    /// <summary>Writes a session that no request runs on.</summary>
    public static async Task WriteAsync(Stream stream, InferenceEngine engine, Sequence sequence, CancellationToken cancellationToken)
    {
        var computed = await engine.Loop.InvokeAsync(() => Hold(engine.Loop, sequence));
        try
        {
            await stream.WriteAsync(Head(engine, sequence, computed), cancellationToken);
            await WriteBlocksAsync(stream, engine, sequence, computed, cancellationToken);
        }
        finally
        {
            await engine.Loop.InvokeAsync(() => sequence.IsHeld = false);
        }
        await stream.FlushAsync(cancellationToken);
    }

    /// <summary>Reads a session into free blocks. On any error nothing is left behind.</summary>
    /// <exception cref="SnapshotException">The file is not a whole, undamaged snapshot of this model.</exception>
    /// <exception cref="ContextOverflowException">It does not fit into the KV cache.</exception>
    public static async Task<Sequence> ReadAsync(Stream stream, InferenceEngine engine, CancellationToken cancellationToken)
    {
        var (tokens, computed) = await ReadHeadAsync(stream, engine, cancellationToken);
        var sequence = new Sequence { Tokens = tokens };
        await engine.Loop.InvokeAsync(() => Reserve(engine, sequence, computed));
        try
        {
            await ReadBlocksAsync(stream, engine, sequence, computed, cancellationToken);
            await engine.Loop.InvokeAsync(() =>
            {
                engine.Loop.Cache.Commit(sequence, computed);
                return sequence.IsHeld = false;
            });
            return sequence;
        }
        catch
        {
            engine.Loop.Close(sequence);
            throw;
        }
    }

    private static int BlocksPerGroup(int blockBytes) => Math.Max(1, GroupBytes / blockBytes);

    private static async Task WriteBlocksAsync(
        Stream stream, InferenceEngine engine, Sequence sequence, int computed, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (blocks, blockBytes) = (KvCacheManager.BlocksFor(computed), engine.Runner.BlockBytes);
        var buffer = new byte[Math.Min(blocks, BlocksPerGroup(blockBytes)) * blockBytes];
        for (var first = 0; first < blocks; first += BlocksPerGroup(blockBytes))
        {
            var (start, count) = (first, Math.Min(BlocksPerGroup(blockBytes), blocks - first));
            await engine.Loop.InvokeAsync(() =>
            {
                ObjectDisposedException.ThrowIf(!engine.Loop.Cache.Sequences.Contains(sequence), typeof(Session));
                for (var i = 0; i < count; i++)
                    engine.Runner.ReadBlock(sequence.Blocks[start + i], buffer.AsSpan(i * blockBytes, blockBytes));
                return count;
            });
            hash.AppendData(buffer, 0, count * blockBytes);
            await stream.WriteAsync(buffer.AsMemory(0, count * blockBytes), cancellationToken);
        }
        await stream.WriteAsync(hash.GetHashAndReset(), cancellationToken);
    }

    /// <summary>Keeps a sequence's blocks where they are, after what it gave up was brought back, as far as there is room.</summary>
    /// <returns>How many tokens are computed.</returns>
    private static int Hold(EngineLoop loop, Sequence sequence)
    {
        sequence.IsHeld = true;
        if (loop.Cache.Tree.Host is not null && sequence.Blocks.Count == 0)
        {
            var blocks = KvCacheManager.BlocksFor(sequence.Tokens.Count);
            if (!loop.TryMakeRoom(blocks, sequence)) blocks = Math.Max(0, loop.UnreservedBlocks);
            loop.Cache.Adopt(sequence, Math.Min(sequence.Tokens.Count, blocks * RunnerOptions.BlockTokens), partly: true, ref blocks);
        }
        return sequence.Computed;
    }

    private static byte[] Head(InferenceEngine engine, Sequence sequence, int computed)
    {
        var head = new byte[HeaderBytes + 4 * sequence.Tokens.Count + ChecksumBytes];
        Magic.CopyTo(head, 0);
        engine.Fingerprint.Span.CopyTo(head.AsSpan(8));
        ReadOnlySpan<int> fields = [(int)engine.Runner.Options.KvType, engine.Runner.BlockBytes, sequence.Tokens.Count, computed];
        WriteInts(fields, head.AsSpan(40));
        WriteInts(CollectionsMarshal.AsSpan(sequence.Tokens), head.AsSpan(HeaderBytes));
        SHA256.HashData(head.AsSpan(..^ChecksumBytes), head.AsSpan(^ChecksumBytes..));
        return head;
    }

    private static void WriteInts(ReadOnlySpan<int> values, Span<byte> destination)
    {
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(destination[(4 * i)..], values[i]);
    }

    private static async Task<(List<int> Tokens, int Computed)> ReadHeadAsync(
        Stream stream, InferenceEngine engine, CancellationToken cancellationToken)
    {
        var start = stream.Position;
        var header = new byte[HeaderBytes];
        await ReadAsync(stream, header, cancellationToken);
        if (!header.AsSpan(0, 8).SequenceEqual(Magic)) throw new SnapshotException("The file is not a suspended session.");
        var kvType = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(40));
        var blockBytes = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(44));
        var count = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(48));
        var computed = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(52));
        if (count < 0 || computed < 0 || computed > count || blockBytes < 1)
            throw new SnapshotException("The suspended session is damaged: its header makes no sense.");
        var expected = HeaderBytes + 4L * count + ChecksumBytes + (long)KvCacheManager.BlocksFor(computed) * blockBytes + ChecksumBytes;
        if (count > Array.MaxLength / 8 || stream.Length - start != expected)
            throw new SnapshotException($"The suspended session is damaged: it has {stream.Length - start} bytes, its header says {expected}.");

        var rest = new byte[4 * count + ChecksumBytes];
        await ReadAsync(stream, rest, cancellationToken);
        byte[] checksum = SHA256.HashData([.. header, .. rest.AsSpan(0, 4 * count)]);
        if (!checksum.AsSpan().SequenceEqual(rest.AsSpan(4 * count)))
            throw new SnapshotException("The suspended session is damaged: the checksum of its tokens is wrong.");
        if (!header.AsSpan(8, 32).SequenceEqual(engine.Fingerprint.Span))
            throw new SnapshotException("The suspended session belongs to another model, or to another division of it between GPU and processor.");
        var tokens = new List<int>(count);
        for (var i = 0; i < count; i++) tokens.Add(BinaryPrimitives.ReadInt32LittleEndian(rest.AsSpan(4 * i)));
        engine.CheckTokens(CollectionsMarshal.AsSpan(tokens));
        if (count > engine.ContextLength) throw new ContextOverflowException(count, engine.ContextLength);
        if (kvType != (int)engine.Runner.Options.KvType || blockBytes != engine.Runner.BlockBytes)
            throw new SnapshotException("The suspended session was stored with another KV type.", tokens);
        return (tokens, computed);
    }

    private static bool Reserve(InferenceEngine engine, Sequence sequence, int computed)
    {
        var (cache, loop) = (engine.Loop.Cache, engine.Loop);
        if (!loop.TryMakeRoom(KvCacheManager.BlocksFor(computed), sequence))
            throw new ContextOverflowException(computed, Math.Max(0, loop.UnreservedBlocks) * (long)RunnerOptions.BlockTokens);
        sequence.IsHeld = true;
        cache.Open(sequence);
        cache.Extend(sequence, computed);
        return true;
    }

    private static async Task ReadBlocksAsync(
        Stream stream, InferenceEngine engine, Sequence sequence, int computed, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (blocks, blockBytes) = (KvCacheManager.BlocksFor(computed), engine.Runner.BlockBytes);
        var buffer = new byte[Math.Min(blocks, BlocksPerGroup(blockBytes)) * blockBytes];
        for (var first = 0; first < blocks; first += BlocksPerGroup(blockBytes))
        {
            var (start, count) = (first, Math.Min(BlocksPerGroup(blockBytes), blocks - first));
            await ReadAsync(stream, buffer.AsMemory(0, count * blockBytes), cancellationToken);
            hash.AppendData(buffer, 0, count * blockBytes);
            await engine.Loop.InvokeAsync(() =>
            {
                for (var i = 0; i < count; i++)
                    engine.Runner.WriteBlock(sequence.Blocks[start + i], buffer.AsSpan(i * blockBytes, blockBytes));
                return count;
            });
        }
        var checksum = new byte[ChecksumBytes];
        await ReadAsync(stream, checksum, cancellationToken);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(checksum))
            throw new SnapshotException("The suspended session is damaged: the checksum of its keys and values is wrong.", sequence.Tokens);
    }

    private static async Task ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken) < buffer.Length)
            throw new SnapshotException("The suspended session is damaged: the file is cut short.");
    }
}
