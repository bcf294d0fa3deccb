using AgentRuntime.Engine.Backends.Cuda.Kernels;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>
/// A pass's tokens, positions, block tables, logit rows and attention tiles: written to pinned memory and sent in one
/// copy. Their addresses never change, so that a recorded graph finds them.
/// </summary>
internal sealed unsafe class CudaBatch
{
    private readonly CudaDevice _device;
    private readonly int _group;
    private readonly int _tileRows;
    private readonly int _most;
    private readonly int _tilesAt;
    private readonly int _tablesAt;
    private readonly int _tableCapacity;
    private readonly int* _host;
    private readonly ulong _address;

    /// <param name="device">The device.</param>
    /// <param name="most">Most tokens in a pass.</param>
    /// <param name="group">Query heads of a KV head.</param>
    /// <param name="tileRows">Rows of a tile of the prefill attention kernel.</param>
    /// <param name="blocks">KV blocks that there are.</param>
    public CudaBatch(CudaDevice device, int most, int group, int tileRows, int blocks)
    {
        (_device, _most, _group, _tileRows) = (device, most, group, tileRows);
        _tilesAt = 5 * most;
        _tablesAt = checked(_tilesAt + 3 * (int)((long)most * group / tileRows + most));
        // Every sequence of a pass may see every block.
        _tableCapacity = checked((int)Math.Min((long)most * blocks, 64L << 20));
        _host = (int*)device.AllocateHost(checked((long)(_tablesAt + _tableCapacity) * sizeof(int)));
        _address = device.Allocate(checked((long)(_tablesAt + _tableCapacity) * sizeof(int)));
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

    /// <summary>Sends a batch to the device. The one before must be done.</summary>
    public void Load(in ForwardBatch batch)
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
        _device.Driver.CopyToDevice(_address, _host, (long)(_tablesAt + table) * sizeof(int), _device.Stream);
    }

    private ulong At(int index) => _address + (ulong)index * sizeof(int);
}
