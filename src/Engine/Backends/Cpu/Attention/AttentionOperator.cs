using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Attention;

/// <summary>
/// Causal attention of a batch over its KV blocks. Threads take items of the plan; each KV tile is prepared
/// once for all query heads of its group and all tokens of the item. <see cref="Combine"/> then joins the stretches of
/// sequences that were split along the context.
/// </summary>
internal sealed unsafe class AttentionOperator : IDisposable
{
    private const int Keys = RunnerOptions.BlockTokens;
    private const int SumLanes = AttentionScratch.SumLanes;
    private const float NoMaximum = -1e30f;

    private readonly ModelConfig _config;
    private readonly FloatKernels _kernels;
    private readonly KvStore _store;
    private readonly AttentionPlan _plan;
    private readonly AttentionScratch[] _scratch;
    private readonly int _group;
    private readonly AttentionArithmetic _arithmetic;
    private NativeBuffer _partials = NativeBuffer.OfFloats(0);
    private SequenceSlice[] _sequences = [];
    private int _next;

    public AttentionOperator(ModelConfig config, FloatKernels kernels, KvStore store, int threads)
    {
        _config = config;
        _kernels = kernels;
        _store = store;
        _group = config.Heads / config.KvHeads;
        _plan = new AttentionPlan(config);
        _arithmetic = store.Type == KvType.F16 ? new FixedArithmetic(config, kernels, store) : new FloatArithmetic(config, kernels, store);
        _scratch = new AttentionScratch[threads];
        for (var i = 0; i < threads; i++) _scratch[i] = new AttentionScratch(config);
    }

    /// <summary>Prepares for a batch; before the threads start.</summary>
    public void Plan(ReadOnlySpan<SequenceSlice> sequences)
    {
        if (_sequences.Length < sequences.Length) _sequences = new SequenceSlice[sequences.Length];
        sequences.CopyTo(_sequences);
        _plan.Build(sequences);
        if (_partials.Length >= _plan.PartialFloats * sizeof(float)) return;
        _partials.Dispose();
        _partials = NativeBuffer.OfFloats(_plan.PartialFloats * 3 / 2);
    }

    /// <summary>Makes the items available again; by one thread, a barrier before <see cref="Run"/>.</summary>
    public void Reset() => _next = 0;

    /// <summary>Works on items until none is left.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="query">Queries, [token][head][dimension].</param>
    /// <param name="output">Receives results of items that are not split.</param>
    /// <param name="thread">The calling thread.</param>
    public void Run(int layer, float* query, Activations output, int thread)
    {
        for (int i; (i = Interlocked.Increment(ref _next) - 1) < _plan.Items.Count;) Process(_plan.Items[i], layer, query, output, _scratch[thread]);
    }

    /// <summary>Joins the partial results of a token's query head, when its sequence was split.</summary>
    public void Combine(int sequence, int token, int head, Activations output, int thread)
    {
        var first = _plan.FirstItem(sequence);
        if (first < 0) return;
        var slice = _sequences[sequence];
        int splits = AttentionPlan.Splits(slice), length = _config.ValueHeadLength, stride = _plan.PartialRowFloats;
        var scratch = _scratch[thread];
        Begin(scratch, 1);
        for (var split = 0; split < splits; split++)
        {
            var item = _plan.Items[first + head / _group * splits + split];
            var row = _partials.Floats + item.Partial + ((token - slice.Start) * _group + head % _group) * stride;
            Merge(scratch, 0, row[length], row[length + 1], row);
        }
        Store(TotalRow(scratch, 0), scratch.TotalSum[0], output.Row(token) + head * length);
    }

    public void Dispose()
    {
        foreach (var scratch in _scratch) scratch.Dispose();
        _partials.Dispose();
    }

    private void Process(in AttentionItem item, int layer, float* query, Activations output, AttentionScratch scratch)
    {
        int stride = _arithmetic.OutputStride, rows = item.Count * _group, tileRows = (rows + 3) / 4 * 4;
        var sequence = _sequences[item.Sequence];
        LoadQueries(item, query, scratch, rows, tileRows);
        Begin(scratch, rows);
        // Positions of the item's first and last token, and the first that a sliding window still shows to the first token.
        var position = sequence.ContextLength + item.Token - sequence.Start;
        var last = position + item.Count - 1;
        var oldest = _config.SlidingWindow > 0 ? Math.Max(0, position + 1 - _config.SlidingWindow) : 0;
        var endSplit = Math.Min(item.EndSplit, last / (Keys * AttentionPlan.SplitBlocks) + 1);
        for (var split = item.FirstSplit; split < endSplit; split++)
        {
            new Span<float>(scratch.Output, tileRows * stride).Clear();
            new Span<float>(scratch.Maximum, tileRows).Fill(NoMaximum);
            new Span<float>(scratch.Sums, tileRows * SumLanes).Clear();
            var firstBlock = Math.Max(split * AttentionPlan.SplitBlocks, oldest / Keys);
            var endBlock = Math.Min((split + 1) * AttentionPlan.SplitBlocks, last / Keys + 1);
            for (var block = firstBlock; block < endBlock; block++)
            {
                var id = sequence.Blocks[block];
                var next = block + 1 < endBlock ? _store.Bytes(layer, sequence.Blocks[block + 1], item.KvHead) : Upcoming(layer);
                var share = (_store.HeadBytes / (tileRows / 4) + 63) / 64 * 64;
                _arithmetic.LoadBlock(layer, id, item.KvHead, Math.Min(Keys, last + 1 - block * Keys), scratch);
                for (var row = 0; row < tileRows; row += 4)
                {
                    Tile(scratch, row, Math.Min(row + 4, rows), position, block * Keys, next is null ? Ahead.Nothing : new(next + row / 4 * share, share));
                }
            }
            for (var row = 0; row < rows; row++)
            {
                var values = scratch.Output + row * stride;
                var sum = _kernels.Sum(scratch.Sums + row * SumLanes);
                if (item.Partial < 0) Merge(scratch, row, scratch.Maximum[row], sum, values);
                else StorePartial(item.Partial + row * _plan.PartialRowFloats, values, scratch.Maximum[row], sum);
            }
        }
        if (item.Partial >= 0) return;
        for (var row = 0; row < rows; row++)
        {
            var head = item.KvHead * _group + row % _group;
            Store(TotalRow(scratch, row), scratch.TotalSum[row], output.Row(item.Token + row / _group) + head * _config.ValueHeadLength);
        }
    }

    /// <summary>The first block of the item that this thread will probably take next, or null.</summary>
    private byte* Upcoming(int layer)
    {
        var index = Volatile.Read(ref _next);
        if (index >= _plan.Items.Count) return null;
        var item = _plan.Items[index];
        var sequence = _sequences[item.Sequence];
        return _store.Bytes(layer, sequence.Blocks[Math.Min(item.FirstSplit * AttentionPlan.SplitBlocks, sequence.Blocks.Length - 1)], item.KvHead);
    }

    /// <summary>4 rows over one block. Rows past <paramref name="endRow"/> only fill the tile.</summary>
    private void Tile(AttentionScratch scratch, int row, int endRow, int position, int blockPosition, Ahead ahead)
    {
        var first = stackalloc int[4];
        var end = stackalloc int[4];
        int least = Keys, most = 0;
        if (position + 1 - blockPosition >= Keys && _config.SlidingWindow == 0)
        {
            // The whole block lies before the first token.
            (first[0], first[1], first[2], first[3]) = (0, 0, 0, 0);
            (end[0], end[1], end[2], end[3]) = (Keys, Keys, Keys, Keys);
            _arithmetic.Tile(scratch, row, first, end, 0, Keys, ahead);
            return;
        }
        for (var r = 0; r < 4; r++)
        {
            // A token sees itself and what came before it, as far back as the window reaches.
            var visible = position + Math.Min(row + r, endRow - 1) / _group + 1 - blockPosition;
            end[r] = Math.Clamp(visible, 0, Keys);
            first[r] = _config.SlidingWindow > 0 ? Math.Clamp(visible - _config.SlidingWindow, 0, Keys) : 0;
            if (first[r] >= end[r]) continue;
            least = Math.Min(least, first[r]);
            most = Math.Max(most, end[r]);
        }
        if (least >= most) return;
        _arithmetic.Tile(scratch, row, first, end, least, most, ahead);
    }

    private void LoadQueries(in AttentionItem item, float* query, AttentionScratch scratch, int rows, int tileRows)
    {
        for (var row = 0; row < tileRows; row++)
        {
            var head = (nint)(item.Token + row / _group) * _config.Heads + item.KvHead * _group + row % _group;
            _arithmetic.LoadQuery(row < rows ? query + head * _config.HeadLength : null, row, scratch);
        }
    }

    private void Begin(AttentionScratch scratch, int rows)
    {
        new Span<float>(scratch.TotalOutput, rows * _config.ValueHeadLength).Clear();
        new Span<float>(scratch.TotalMaximum, rows).Fill(NoMaximum);
        new Span<float>(scratch.TotalSum, rows).Clear();
    }

    /// <summary>Adds a stretch's result to a row's total; the maxima decide how much either shrinks.</summary>
    private void Merge(AttentionScratch scratch, int row, float maximum, float sum, float* values)
    {
        var next = Math.Max(scratch.TotalMaximum[row], maximum);
        float keep = MathF.Exp(scratch.TotalMaximum[row] - next), add = MathF.Exp(maximum - next);
        scratch.TotalMaximum[row] = next;
        scratch.TotalSum[row] = scratch.TotalSum[row] * keep + sum * add;
        _kernels.AddScaled(values, add, TotalRow(scratch, row), keep, _config.ValueHeadLength);
    }

    private float* TotalRow(AttentionScratch scratch, int row) => scratch.TotalOutput + row * _config.ValueHeadLength;

    private void StorePartial(long offset, float* values, float maximum, float sum)
    {
        var row = _partials.Floats + offset;
        new ReadOnlySpan<float>(values, _config.ValueHeadLength).CopyTo(new(row, _config.ValueHeadLength));
        row[_config.ValueHeadLength] = maximum;
        row[_config.ValueHeadLength + 1] = sum;
    }

    private void Store(float* total, float sum, float* output)
    {
        var scale = 1 / sum;
        for (var d = 0; d < _config.ValueHeadLength; d++) output[d] = total[d] * scale;
    }
}
