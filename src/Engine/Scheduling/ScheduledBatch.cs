using System.Runtime.InteropServices;
using AgentRuntime.Engine.Backends;

namespace AgentRuntime.Engine.Scheduling;

/// <summary>One pass: which tokens of which requests. Reused from step to step.</summary>
internal sealed class ScheduledBatch
{
    /// <summary>A request's part of the pass.</summary>
    /// <param name="Request">Whose tokens.</param>
    /// <param name="Count">How many.</param>
    /// <param name="FirstRow">Its first row of logits.</param>
    /// <param name="Rows">Its rows of logits.</param>
    public readonly record struct Entry(EngineRequest Request, int Count, int FirstRow, int Rows);

    private readonly List<int> _tokens = [];
    private readonly List<SequenceSlice> _slices = [];
    private readonly List<int> _logitRows = [];
    private readonly List<Entry> _entries = [];

    public IReadOnlyList<Entry> Entries => _entries;

    public int TokenCount => _tokens.Count;

    public int RowCount => _logitRows.Count;

    /// <summary>Whether some request wants more than a token of its row.</summary>
    public bool NeedsLogits => _entries.Exists(static entry => entry.Rows > 0 && entry.Request.NeedsLogits);

    /// <summary>The pass as the runner takes it; valid until the batch changes.</summary>
    public ForwardBatch Input =>
        new(CollectionsMarshal.AsSpan(_tokens), CollectionsMarshal.AsSpan(_slices), CollectionsMarshal.AsSpan(_logitRows));

    public void Clear()
    {
        _tokens.Clear();
        _slices.Clear();
        _logitRows.Clear();
        _entries.Clear();
    }

    /// <summary>Adds the next <paramref name="count"/> tokens of a request, whose blocks must be writable.</summary>
    public void Add(EngineRequest request, int count)
    {
        var sequence = request.Sequence;
        var rows = request.LogitRows(sequence.Computed + count, count);
        _slices.Add(new SequenceSlice(_tokens.Count, count, sequence.Computed, sequence.Blocks.Blocks));
        _entries.Add(new Entry(request, count, _logitRows.Count, rows));
        _tokens.AddRange(CollectionsMarshal.AsSpan(sequence.Tokens).Slice(sequence.Computed, count));
        for (var row = _tokens.Count - rows; row < _tokens.Count; row++) _logitRows.Add(row);
    }
}
