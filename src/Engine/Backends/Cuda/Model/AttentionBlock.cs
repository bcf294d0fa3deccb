using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>The first half of a layer: norm, projections, rope, KV blocks, attention, output projection.</summary>
internal sealed class AttentionBlock
{
    private readonly ModelConfig _config;
    private readonly Operators _operators;
    private readonly KvPool _kv;
    private readonly Workspace _workspace;
    private readonly ulong _cosines;
    private readonly ulong _sines;
    private readonly DecodeAttention _decode;
    private readonly PrefillAttention? _prefill;

    public AttentionBlock(CudaDevice device, ModelConfig config, Operators operators, KvPool kv, Workspace workspace, RopeTables rope, DecodeAttention.Room room, ulong prefillPartial, KvType type)
    {
        (_config, _operators, _kv, _workspace) = (config, operators, kv, workspace);
        (_cosines, _sines) = (rope.Cosines, rope.Sines);
        _decode = new(config, operators.Kernels, type, room);
        _prefill = PrefillAttention.Serves(type) ? new(config, operators.Kernels, prefillPartial) : null;
    }

    public void Run(CudaLayer layer, int index, CudaBatch batch)
    {
        var tokens = batch.Tokens;
        _operators.MultiplyNormed(
            [new(layer.Query, layer.QueryBias, _workspace.Query), new(layer.Key, layer.KeyBias, _workspace.Key), new(layer.Value, layer.ValueBias, _workspace.Value)],
            _workspace.Hidden, layer.AttentionNorm, _config.RmsEpsilon, _workspace.Normed, tokens);
        var rope = Parameters(index, batch) with { QueryNorm = layer.QueryNorm, KeyNorm = layer.KeyNorm };
        // Attention finishes queries, keys and values itself where no token sees another of the pass.
        var alone = batch.IsDecode && tokens <= Operators.MostVectors;
        if (!alone) _operators.Kernels.LaunchEarly(_operators.Kernels["rope"], (tokens, Operators.Ceiling(_config.Heads + 2 * _config.KvHeads, 8), 1), 256, rope);
        Attend(rope, index, batch, alone);
        _operators.Prepare(_workspace.Attention, tokens, layer.AttentionOutput);
        _operators.Multiply(layer.AttentionOutput, _workspace.Attention, 0, _workspace.Hidden, tokens, accumulate: true);
    }

    /// <summary>Attention alone, from the workspace's queries over the KV blocks.</summary>
    public void Attend(int index, CudaBatch batch) => Attend(Parameters(index, batch), index, batch, finish: false);

    private void Attend(RopeParams rope, int index, CudaBatch batch, bool finish)
    {
        if (_prefill is not null && batch.Tokens > Operators.MostVectors) _prefill.Attend(_kv.Layer(index), batch, _workspace.Query, _workspace.Attention);
        else _decode.Attend(rope, batch.Tokens, _workspace.Attention, finish);
    }

    private RopeParams Parameters(int index, CudaBatch batch) => new()
    {
        Kv = _kv.Layer(index),
        Batch = batch.Layout,
        Query = _workspace.Query,
        Key = _workspace.Key,
        Value = _workspace.Value,
        Cosines = _cosines,
        Sines = _sines,
        Heads = _config.Heads,
        Pairs = _config.RopeDimensions / 2,
        HalfSplit = _config.RopeHalfSplit ? 1 : 0,
        Epsilon = _config.RmsEpsilon,
    };
}
