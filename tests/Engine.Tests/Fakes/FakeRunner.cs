using System.Runtime.InteropServices;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Tests.Fakes;

/// <summary>
/// Runs <see cref="FakeModel"/> with what its KV blocks hold, and with nothing else: a wrong block table, a lost block
/// or a write into a shared one changes the tokens.
/// </summary>
internal sealed class FakeRunner(int blocks, KvType kvType = KvType.F16, int hostSlots = 0) : ISamplingRunner, IKvOffload
{
    private readonly ulong[][] _slots = new ulong[hostSlots][];
    private readonly TokenChooser _chooser = new();
    private readonly ulong[] _cells = new ulong[blocks * RunnerOptions.BlockTokens];

    public ModelConfig Config { get; init; } = FakeModel.Config;

    public RunnerOptions Options { get; } = new() { KvBlocks = blocks, KvType = kvType };

    public int BlockBytes => RunnerOptions.BlockTokens * sizeof(ulong);

    /// <summary>Sizes of the passes so far, a list per pass with the tokens of each sequence.</summary>
    public List<int[]> Passes { get; } = [];

    /// <summary>Passes that were asked for tokens alone.</summary>
    public int SampledPasses { get; private set; }

    public int ComputedTokens => Passes.Sum(pass => pass.Sum());

    /// <summary>Called before each pass; may throw.</summary>
    public Action? BeforePass { get; set; }

    public int HostSlots => hostSlots;

    /// <summary>Slots that there is memory for.</summary>
    public int HostMemory { get; set; } = int.MaxValue;

    /// <summary>Called before a block is offloaded; may throw.</summary>
    public Action? BeforeOffload { get; set; }

    public int Offloaded { get; private set; }

    public int Restored { get; private set; }

    public bool IsDisposed { get; private set; }

    public void Forward(in ForwardBatch batch, Span<float> logits)
    {
        BeforePass?.Invoke();
        var written = new HashSet<int>();
        foreach (var slice in batch.Sequences)
        {
            for (var i = 0; i < slice.Count; i++)
            {
                var position = slice.ContextLength + i;
                if (position % RunnerOptions.BlockTokens == 0 || i == 0)
                    Assert.True(written.Add(slice.Blocks[position / RunnerOptions.BlockTokens]), "two sequences write to one block");
                Cell(slice, position) = FakeModel.Cell(batch.Tokens[slice.Start + i], position);
            }
        }
        var row = 0;
        foreach (var index in batch.LogitRows)
        {
            var slice = Owner(batch, index);
            var state = 0UL;
            for (var position = 0; position <= slice.ContextLength + index - slice.Start; position++)
                state = FakeModel.Fold(state, Cell(slice, position));
            FakeModel.Logits(state, logits.Slice(row++ * Config.VocabularySize, Config.VocabularySize));
        }
        var pass = new int[batch.Sequences.Length];
        for (var i = 0; i < pass.Length; i++) pass[i] = batch.Sequences[i].Count;
        Passes.Add(pass);
    }

    public void ForwardSampled(in ForwardBatch batch, ReadOnlySpan<SamplingRule> rules, Span<int> tokens)
    {
        SampledPasses++;
        var logits = new float[batch.LogitRows.Length * Config.VocabularySize];
        Forward(batch, logits);
        for (var row = 0; row < batch.LogitRows.Length; row++) tokens[row] = _chooser.Choose(logits.AsSpan(row * Config.VocabularySize, Config.VocabularySize), rules[row]);
    }

    public void CopyBlock(int source, int destination) => Block(source).CopyTo(Block(destination));

    public bool TryOffload(int block, int slot)
    {
        BeforeOffload?.Invoke();
        if (_slots[slot] is null && slot >= HostMemory) return false;
        _slots[slot] = Block(block).ToArray();
        Offloaded++;
        return true;
    }

    public void Restore(int slot, int block)
    {
        _slots[slot].CopyTo(Block(block));
        Restored++;
    }

    public void ReadBlock(int block, Span<byte> destination) => MemoryMarshal.AsBytes(Block(block)).CopyTo(destination);

    public void WriteBlock(int block, ReadOnlySpan<byte> source) => source.CopyTo(MemoryMarshal.AsBytes(Block(block)));

    public void Dispose() => IsDisposed = true;

    private static SequenceSlice Owner(in ForwardBatch batch, int index)
    {
        foreach (var slice in batch.Sequences)
        {
            if (index >= slice.Start && index < slice.Start + slice.Count) return slice;
        }
        throw new ArgumentOutOfRangeException(nameof(index));
    }

    private Span<ulong> Block(int block) => _cells.AsSpan(block * RunnerOptions.BlockTokens, RunnerOptions.BlockTokens);

    private ref ulong Cell(SequenceSlice slice, int position) =>
        ref Block(slice.Blocks[position / RunnerOptions.BlockTokens])[position % RunnerOptions.BlockTokens];
}
