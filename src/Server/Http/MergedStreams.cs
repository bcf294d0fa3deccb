using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace AgentRuntime.Server.Http;

/// <summary>Runs several streams side by side as one.</summary>
internal static class MergedStreams
{
    private const int Buffer = 64;

    /// <summary>All items with the index of their stream, each as it comes. The first error ends all.</summary>
    public static async IAsyncEnumerable<(int Index, T Item)> Of<T>(
        IReadOnlyList<Func<CancellationToken, IAsyncEnumerable<T>>> streams, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (streams.Count == 1)
        {
            await foreach (var item in streams[0](cancellationToken).ConfigureAwait(false)) yield return (0, item);
            yield break;
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var items = Channel.CreateBounded<(int, T)>(new BoundedChannelOptions(Buffer) { SingleReader = true });
        var left = streams.Count;
        var readers = Task.WhenAll(streams.Select((stream, i) => Task.Run(() => ReadAsync(stream, i), CancellationToken.None)));
        try
        {
            await foreach (var item in items.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false)) yield return item;
        }
        finally
        {
            // Also when the caller leaves early: no stream goes on behind its back.
            await stop.CancelAsync().ConfigureAwait(false);
            await readers.ConfigureAwait(false);
        }

        async Task ReadAsync(Func<CancellationToken, IAsyncEnumerable<T>> stream, int index)
        {
            try
            {
                await foreach (var item in stream(stop.Token).ConfigureAwait(false)) await items.Writer.WriteAsync((index, item), stop.Token).ConfigureAwait(false);
                if (Interlocked.Decrement(ref left) == 0) items.Writer.TryComplete();
            }
            catch (Exception error)
            {
                items.Writer.TryComplete(error);
                await stop.CancelAsync().ConfigureAwait(false);
            }
        }
    }
}
