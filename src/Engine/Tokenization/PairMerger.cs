namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// The merge loop of byte-pair encoding, which SentencePiece shares: as long as two neighbours merge, the pair with the
/// lowest rank does, the leftmost of equals first.
/// </summary>
internal static class PairMerger
{
    // Below this, scanning all neighbours for the best beats keeping a queue.
    private const int ShortWord = 48;

    /// <summary>Merges in place.</summary>
    /// <returns>The number of pieces left at the front of <paramref name="pieces"/>.</returns>
    public static int Merge(MergeTable table, Span<int> pieces) =>
        pieces.Length <= ShortWord ? MergeByScan(table, pieces) : MergeByQueue(table, pieces);

    private static int MergeByScan(MergeTable table, Span<int> pieces)
    {
        var count = pieces.Length;
        Span<int> ranks = stackalloc int[ShortWord];
        Span<int> merged = stackalloc int[ShortWord];
        for (var i = 0; i + 1 < count; i++) ranks[i] = RankOrMax(table, pieces[i], pieces[i + 1], out merged[i]);

        while (count > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < count; i++)
                if (ranks[i] < ranks[best]) best = i;
            if (ranks[best] == int.MaxValue) break;

            pieces[best] = merged[best];
            count--;
            pieces[(best + 2)..(count + 1)].CopyTo(pieces[(best + 1)..]);
            ranks[(best + 1)..count].CopyTo(ranks[best..]);
            merged[(best + 1)..count].CopyTo(merged[best..]);
            if (best + 1 < count) ranks[best] = RankOrMax(table, pieces[best], pieces[best + 1], out merged[best]);
            if (best > 0) ranks[best - 1] = RankOrMax(table, pieces[best - 1], pieces[best], out merged[best - 1]);
        }

        return count;
    }

    private static int RankOrMax(MergeTable table, int left, int right, out int merged)
    {
        var rank = table.Rank(left, right, out merged);
        return rank < 0 ? int.MaxValue : rank;
    }

    private static int MergeByQueue(MergeTable table, Span<int> pieces)
    {
        var count = pieces.Length;
        var previous = new int[count];
        var next = new int[count]; // 0 marks a piece that its left neighbour has taken in
        var queue = new PriorityQueue<Candidate, long>(count);
        for (var i = 0; i < count; i++)
        {
            previous[i] = i - 1;
            next[i] = i + 1;
            if (i > 0) Offer(table, pieces, i - 1, i, queue);
        }

        while (queue.TryDequeue(out var candidate, out _))
        {
            var left = candidate.Left;
            var right = next[left];
            var outdated = right == 0 || right >= count || pieces[left] != candidate.LeftPiece || pieces[right] != candidate.RightPiece;
            if (outdated) continue;

            pieces[left] = candidate.Merged;
            next[left] = next[right];
            next[right] = 0;
            if (next[left] < count)
            {
                previous[next[left]] = left;
                Offer(table, pieces, left, next[left], queue);
            }

            if (previous[left] >= 0) Offer(table, pieces, previous[left], left, queue);
        }

        var kept = 0;
        for (var i = 0; i < count; i = next[i]) pieces[kept++] = pieces[i];
        return kept;
    }

    private static void Offer(MergeTable table, Span<int> pieces, int left, int right, PriorityQueue<Candidate, long> queue)
    {
        var rank = table.Rank(pieces[left], pieces[right], out var merged);
        if (rank >= 0) queue.Enqueue(new Candidate(left, pieces[left], pieces[right], merged), (long)rank << 32 | (uint)left);
    }

    private readonly record struct Candidate(int Left, int LeftPiece, int RightPiece, int Merged);
}
