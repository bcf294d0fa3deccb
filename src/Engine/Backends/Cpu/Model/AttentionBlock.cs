using AgentRuntime.Engine.Backends.Cpu.Attention;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Backends.Cpu.Threading;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>
/// The first half of a layer, after its norm: query, key and value projections, their biases, norms and rotation, the
/// KV blocks, attention, and the output projection onto the residual stream.
/// </summary>
internal sealed unsafe class AttentionBlock(
    ModelConfig config, Workspace workspace, FloatKernels kernels, ComputePool pool, KvStore store, AttentionOperator attention, RopeTable rope,
    PassClock clock)
{
    private readonly int _queries = config.Heads * config.HeadLength;
    private readonly int _keys = config.KvHeads * config.HeadLength;
    private readonly int _values = config.KvHeads * config.ValueHeadLength;

    /// <summary>Runs on all threads together, with barriers inside; the caller puts one before and after it.</summary>
    public void Run(CpuLayer layer, int index, ReadOnlySpan<SequenceSlice> sequences, int tokens, int thread)
    {
        var scratch = workspace.Scratch[thread];
        layer.Query.Multiply(Job(workspace.Query, _queries, tokens), thread, pool.Threads, scratch);
        layer.Key.Multiply(Job(workspace.Key, _keys, tokens), thread, pool.Threads, scratch);
        layer.Value.Multiply(Job(workspace.Value, _values, tokens), thread, pool.Threads, scratch);
        if (thread == 0) attention.Reset();
        pool.Barrier();
        clock.Mark(PassPart.QueryKeyValue, thread);
        var (start, end) = WorkShare.Of(tokens, thread, pool.Threads);
        for (var t = start; t < end; t++) Store(layer, index, sequences, t);
        pool.Barrier();
        clock.Mark(PassPart.RotationAndCache, thread);
        attention.Run(index, workspace.Query, workspace.Attention, thread);
        pool.Barrier();
        clock.Mark(PassPart.Attention, thread);
        var (firstHead, endHead) = WorkShare.Of(tokens * config.Heads, thread, pool.Threads);
        for (var i = firstHead; i < endHead; i++)
        {
            var token = i / config.Heads;
            attention.Combine(workspace.SequenceOf[token], token, i % config.Heads, workspace.Attention, thread);
        }
        pool.Barrier();
        for (var t = start; t < end && layer.AttentionOutput.ReadsQuantized; t++) workspace.Attention.Quantize(t, layer.AttentionOutput.Columns);
        pool.Barrier();
        clock.Mark(PassPart.AttentionRounding, thread);
        var output = new MatrixJob(workspace.Attention, workspace.Identity, tokens, workspace.Hidden, config.EmbeddingLength, accumulate: true);
        layer.AttentionOutput.Multiply(output, thread, pool.Threads, scratch);
    }

    private MatrixJob Job(float* output, int stride, int tokens) => new(workspace.Normed, workspace.Identity, tokens, output, stride);

    /// <summary>Finishes a token's projections and writes its key and value to the KV blocks.</summary>
    private void Store(CpuLayer layer, int index, ReadOnlySpan<SequenceSlice> sequences, int token)
    {
        float* query = workspace.Query + (nint)token * _queries, key = workspace.Key + (nint)token * _keys;
        var value = workspace.Value + (nint)token * _values;
        AddBias(layer.QueryBias, query, _queries);
        AddBias(layer.KeyBias, key, _keys);
        AddBias(layer.ValueBias, value, _values);
        for (var head = 0; head < config.Heads; head++) Rotate(token, query + head * config.HeadLength, layer.QueryNorm);
        var position = workspace.Positions[token];
        var block = sequences[workspace.SequenceOf[token]].Blocks[position / RunnerOptions.BlockTokens];
        for (var head = 0; head < config.KvHeads; head++)
        {
            Rotate(token, key + head * config.HeadLength, layer.KeyNorm);
            store.Write(
                index, block, head, position % RunnerOptions.BlockTokens, key + head * config.HeadLength, value + head * config.ValueHeadLength);
        }
    }

    private void AddBias(NativeBuffer? bias, float* row, int length)
    {
        if (bias is not null) kernels.AddScaled(bias.Floats, 1, row, length);
    }

    private void Rotate(int token, float* head, NativeBuffer? norm)
    {
        if (norm is not null) kernels.RmsNorm(head, norm.Floats, head, config.HeadLength, config.RmsEpsilon);
        rope.Rotate(token, head);
    }
}
