using System.Runtime.InteropServices;
using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>
/// A pass's tokens, positions, block tables, logit rows, attention tiles and sampling rules: written to pinned memory and
/// sent in one copy. Their addresses never change, so that a recorded graph finds them. Masks are sent later, with the
/// rules again, since they may still be computed when the pass begins.
/// </summary>
internal sealed unsafe class CudaBatch
{
    /// <summary>Most tokens that a row's rule may penalise on the device.</summary>
    public const int MostPenalised = 256;

    private readonly CudaDevice _device;
    private readonly int _group;
    private readonly int _tileRows;
    private readonly int _most;
    private readonly int _tilesAt;
    private readonly int _rulesAt;
    private readonly int _tablesAt;
    private readonly int _tableCapacity;
    private readonly int _maskWords;
    private int _listsAt;
    private readonly int* _host;
    private readonly ulong _address;

    /// <param name="device">The device.</param>
    /// <param name="most">Most tokens in a pass.</param>
    /// <param name="group">Query heads of a KV head.</param>
    /// <param name="tileRows">Rows of a tile of the prefill attention kernel.</param>
    /// <param name="blocks">KV blocks that there are.</param>
    /// <param name="vocabulary">Tokens that a mask speaks of.</param>
    public CudaBatch(CudaDevice device, int most, int group, int tileRows, int blocks, int vocabulary)
    {
        (_device, _most, _group, _tileRows) = (device, most, group, tileRows);
        _tilesAt = 5 * most;
        _rulesAt = checked(_tilesAt + 3 * (int)((long)most * group / tileRows + most));
        _tablesAt = _rulesAt + Operators.MostVectors * sizeof(SampleRule) / sizeof(int);
        // Every sequence of a pass may see every block.
        _tableCapacity = checked((int)Math.Min((long)most * blocks, 64L << 20));
        _maskWords = (vocabulary + 63) / 64 * 2;
        var bytes = checked((_tablesAt + _tableCapacity + Operators.MostVectors * (_maskWords + MostPenalised)) * (long)sizeof(int));
        _host = (int*)device.AllocateHost(bytes);
        _address = device.Allocate(bytes);
    }

    public int Tokens { get; private set; }

    public int LogitRows { get; private set; }

    public int Tiles { get; private set; }

    /// <summary>Tokens of the longest sequence, with those of this pass.</summary>
    public int LongestContext { get; private set; }

    /// <summary>Whether every sequence has one token and wants its logits.</summary>
    public bool IsDecode { get; private set; }

    public ulong TokenIds => _address;

    public ulong LogitRowIds => At(3 * _most);

    public ulong TileList => At(_tilesAt);

    public BatchLayout Layout => new() { Positions = At(_most), SequenceOf = At(2 * _most), TableStart = At(4 * _most), Tables = At(_tablesAt) };

    /// <summary>The rules of the rows whose tokens are chosen next.</summary>
    public ulong Rules => At(_rulesAt);

    /// <summary>Where what rules point at counts from.</summary>
    public ulong Lists => _address;

    /// <summary>Sends a batch to the device. The one before must be done.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="rules">Rules that go with it: all of its rows', or none.</param>
    public void Load(in ForwardBatch batch, ReadOnlySpan<SamplingRule> rules = default)
    {
        Tokens = batch.Tokens.Length;
        LogitRows = batch.LogitRows.Length;
        IsDecode = batch.Sequences.Length == Tokens && LogitRows == Tokens;
        batch.Tokens.CopyTo(new(_host, _most));
        batch.LogitRows.CopyTo(new(_host + 3 * _most, _most));
        Tiles = LongestContext = 0;
        var table = 0;
        for (var s = 0; s < batch.Sequences.Length; s++)
        {
            var sequence = batch.Sequences[s];
            for (var i = 0; i < sequence.Count; i++)
            {
                _host[_most + sequence.Start + i] = sequence.ContextLength + i;
                _host[2 * _most + sequence.Start + i] = s;
            }
            LongestContext = Math.Max(LongestContext, sequence.ContextLength + sequence.Count);
            var blocks = (sequence.ContextLength + sequence.Count + RunnerOptions.BlockTokens - 1) / RunnerOptions.BlockTokens;
            if (blocks > _tableCapacity - table) throw new EngineException("The sequences of a pass have too many KV blocks together; let fewer run at a time.");
            _host[4 * _most + s] = table;
            sequence.Blocks.AsSpan(0, blocks).CopyTo(new(_host + _tablesAt + table, blocks));
            table += blocks;
            var rows = sequence.Count * _group;
            for (var row = 0; row < rows; row += _tileRows, Tiles++)
                (_host[_tilesAt + 3 * Tiles], _host[_tilesAt + 3 * Tiles + 1], _host[_tilesAt + 3 * Tiles + 2]) = (sequence.Start, row, rows);
        }
        _listsAt = _tablesAt + table;
        Send(0, Write(rules));
    }

    /// <summary>Sends rules with their masks, in place of those sent before. The tables between both go along.</summary>
    /// <param name="rules">At most <see cref="Operators.MostVectors"/>.</param>
    public void SendRules(ReadOnlySpan<SamplingRule> rules) => Send(_rulesAt, Write(rules));

    /// <summary>Writes rules, and behind the tables their masks and the tokens that they penalise.</summary>
    /// <returns>Where that ends.</returns>
    private int Write(ReadOnlySpan<SamplingRule> rules)
    {
        var written = (SampleRule*)(_host + _rulesAt);
        var end = _listsAt;
        for (var row = 0; row < rules.Length; row++)
        {
            ref readonly var rule = ref rules[row];
            var allowed = rule.Allowed is { } mask ? MemoryMarshal.Cast<ulong, int>(mask()) : [];
            var penalised = rule.Penalised.Length <= MostPenalised ? rule.Penalised.Span : [];
            if (allowed.Length > _maskWords) allowed = allowed[.._maskWords];
            written[row] = new()
            {
                Temperature = rule.Temperature,
                TopP = rule.TopP,
                MinP = rule.MinP,
                Penalty = rule.Penalty,
                Uniform = (uint)(rule.Uniform * (1L << 32)),
                TopK = rule.TopK,
                MaskAt = end,
                MaskWords = allowed.IsEmpty ? -1 : allowed.Length,
                PenalisedAt = end + allowed.Length,
                Penalised = penalised.Length,
            };
            allowed.CopyTo(new(_host + end, allowed.Length));
            penalised.CopyTo(new(_host + end + allowed.Length, penalised.Length));
            end += allowed.Length + penalised.Length;
        }
        return end;
    }

    private void Send(int from, int to) => _device.Driver.CopyToDevice(At(from), _host + from, (to - from) * (long)sizeof(int), _device.Stream);

    private ulong At(int index) => _address + (ulong)index * sizeof(int);
}
