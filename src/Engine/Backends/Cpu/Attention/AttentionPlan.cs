using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Attention;

/// <summary>
/// Divides a batch's attention into items that threads take one after the other. A few tokens on a long context (a
/// decode step) are split along the context; many tokens (a prefill) into groups of tokens. The context is always
/// summed in the same stretches, so a result depends neither on the division nor on the rest of the batch.
/// </summary>
internal sealed class AttentionPlan(ModelConfig config)
{
    /// <summary>KV blocks in a stretch of the context.</summary>
    public const int SplitBlocks = 16;

    /// <summary>Most tokens of a sequence that is split along the context.</summary>
    public const int MaxSplitTokens = 8;

    /// <summary>Rows (query heads of a token) that an item is filled up to; each reads its KV blocks once for all of them.</summary>
    public const int RowsPerItem = 64;

    private readonly List<AttentionItem> _items = [];
    private readonly List<int> _firstItems = [];

    /// <summary>The items, largest first within a sequence.</summary>
    public List<AttentionItem> Items => _items;

    /// <summary>Floats that all partial results need.</summary>
    public long PartialFloats { get; private set; }

    private int Group => config.Heads / config.KvHeads;

    /// <summary>Floats of one row of a partial result: the sums over values, the maximum and the sum of weights.</summary>
    public int PartialRowFloats => config.ValueHeadLength + 2;

    public void Build(ReadOnlySpan<SequenceSlice> sequences)
    {
        _items.Clear();
        _firstItems.Clear();
        PartialFloats = 0;
        for (var s = 0; s < sequences.Length; s++)
        {
            var sequence = sequences[s];
            var splits = Splits(sequence);
            var split = splits > 1 && sequence.Count <= MaxSplitTokens;
            _firstItems.Add(split ? _items.Count : -1);
            if (split) AddSplits(s, sequence, splits);
            else AddTokenGroups(s, sequence);
        }
    }

    /// <summary>Stretches of the context up to a sequence's last token.</summary>
    public static int Splits(in SequenceSlice sequence) =>
        (sequence.ContextLength + sequence.Count + SplitBlocks * RunnerOptions.BlockTokens - 1) / (SplitBlocks * RunnerOptions.BlockTokens);

    /// <summary>The first of a split sequence's items, ordered by KV head and then stretch; -1 for a sequence that is not split.</summary>
    public int FirstItem(int sequence) => _firstItems[sequence];

    private void AddSplits(int index, in SequenceSlice sequence, int splits)
    {
        for (var head = 0; head < config.KvHeads; head++)
        {
            for (var split = 0; split < splits; split++)
            {
                _items.Add(new(index, sequence.Start, sequence.Count, head, split, split + 1, PartialFloats));
                PartialFloats += (long)sequence.Count * Group * PartialRowFloats;
            }
        }
    }

    private void AddTokenGroups(int index, in SequenceSlice sequence)
    {
        var size = Math.Max(1, RowsPerItem / Group);
        for (var start = (sequence.Count - 1) / size * size; start >= 0; start -= size)
        {
            var count = Math.Min(size, sequence.Count - start);
            for (var head = 0; head < config.KvHeads; head++)
                _items.Add(new(index, sequence.Start + start, count, head, 0, int.MaxValue, -1));
        }
    }
}
