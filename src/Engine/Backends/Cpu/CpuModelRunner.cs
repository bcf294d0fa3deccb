using AgentRuntime.Engine.Backends.Cpu.Attention;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Backends.Cpu.Model;
using AgentRuntime.Engine.Backends.Cpu.Threading;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu;

/// <summary>
/// A model on the CPU. All threads walk through the layers together (<see cref="ForwardOnThread"/>), each taking its
/// share of every operator. Results are the same, to the bit, for any number of threads and any division of the tokens
/// into batches. Nothing is allocated per pass.
/// </summary>
public sealed unsafe class CpuModelRunner : IModelRunner
{
    private readonly ComputePool _pool;
    private readonly FloatKernels _kernels;
    private readonly CpuModel _model;
    private readonly Workspace _workspace;
    private readonly KvStore _store;
    private readonly AttentionOperator _attention;
    private readonly RopeTable _rope;
    private readonly AttentionBlock _attentionBlock;
    private readonly IFeedForward _feedForward;
    private readonly Action<int> _forward;
    private readonly int* _logitRows;
    private readonly PassClock _clock = new();

    // The batch at hand, for the threads.
    private SequenceSlice[] _sequences = [];
    private int _sequenceCount;
    private int _tokenCount;
    private int _logitCount;
    private float* _logits;

    internal CpuModelRunner(
        ModelFile file, ModelConfig config, RunnerOptions options, DotKernel dot, FloatKernels kernels, bool wholeModel,
        IProgress<double>? progress, CancellationToken cancellationToken)
    {
        Config = config;
        Options = options;
        _kernels = kernels;
        _pool = new ComputePool(options.Threads);
        try
        {
            _model = new CpuModel(new WeightLoader(file, _pool, dot, kernels, progress, cancellationToken), config, wholeModel);
            _store = new KvStore(config, options.KvType, options.KvBlocks, kernels);
            _workspace = new Workspace(config, options.MaxBatchTokens, options.Threads);
            _rope = new RopeTable(config, _model.RopeFactors is { } factors ? factors.Floats : null, options.MaxBatchTokens);
        }
        catch
        {
            _pool.Dispose();
            throw;
        }
        _attention = new AttentionOperator(config, kernels, _store, options.Threads);
        _attentionBlock = new AttentionBlock(config, _workspace, kernels, _pool, _store, _attention, _rope, _clock);
        _feedForward = config.Experts == 0
            ? new DenseFeedForward(config, _workspace, kernels, _pool, _clock)
            : new ExpertFeedForward(config, _workspace, kernels, _pool);
        _logitRows = _workspace.Ints(options.MaxBatchTokens);
        _forward = ForwardOnThread;
    }

    /// <inheritdoc/>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    public RunnerOptions Options { get; }

    /// <inheritdoc/>
    public int BlockBytes => _store.BlockBytes;

    /// <summary>The residual stream behind the last layer of the pass that was computed last, [token][embedding]: the next one overwrites it.</summary>
    internal float* Hidden => _workspace.Hidden;

    /// <summary>How long the parts of the passes took since the clock was last reset.</summary>
    internal PassClock Clock => _clock;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch is larger than the runner, or names tokens, blocks or rows that do not exist.</exception>
    public void Forward(in ForwardBatch batch, Span<float> logits)
    {
        BatchValidation.Check(batch, Config, Options, logits.Length);
        Load(batch);
        _attention.Plan(batch.Sequences);
        fixed (float* output = logits)
        {
            _logits = output;
            _pool.Run(_forward);
        }
    }

    /// <inheritdoc/>
    public void CopyBlock(int source, int destination)
    {
        CheckBlock(source);
        CheckBlock(destination);
        _store.Copy(source, destination);
    }

    /// <inheritdoc/>
    public void ReadBlock(int block, Span<byte> destination)
    {
        CheckBlock(block);
        CheckLength(destination.Length, nameof(destination));
        _store.Read(block, destination);
    }

    /// <inheritdoc/>
    public void WriteBlock(int block, ReadOnlySpan<byte> source)
    {
        CheckBlock(block);
        CheckLength(source.Length, nameof(source));
        _store.Write(block, source);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pool.Dispose();
        _attention.Dispose();
        _rope.Dispose();
        _workspace.Dispose();
        _store.Dispose();
        _model.Dispose();
    }

    private void Load(in ForwardBatch batch)
    {
        _tokenCount = batch.Tokens.Length;
        _logitCount = batch.LogitRows.Length;
        _sequenceCount = batch.Sequences.Length;
        if (_sequences.Length < _sequenceCount) _sequences = new SequenceSlice[_sequenceCount];
        batch.Sequences.CopyTo(_sequences);
        batch.Tokens.CopyTo(new(_workspace.Tokens, _tokenCount));
        batch.LogitRows.CopyTo(new(_logitRows, _logitCount));
        for (var s = 0; s < _sequenceCount; s++)
        {
            for (var i = 0; i < _sequences[s].Count; i++)
            {
                _workspace.SequenceOf[_sequences[s].Start + i] = s;
                _workspace.Positions[_sequences[s].Start + i] = _sequences[s].ContextLength + i;
            }
        }
    }

    private void ForwardOnThread(int thread)
    {
        if (thread == 0) _clock.Start();
        var sequences = _sequences.AsSpan(0, _sequenceCount);
        var (start, end) = WorkShare.Of(_tokenCount, thread, _pool.Threads);
        for (var t = start; t < end; t++)
        {
            _model.Embed(_workspace.Tokens[t], _workspace.Hidden + (nint)t * Config.EmbeddingLength);
            _rope.Fill(t, _workspace.Positions[t]);
        }
        _clock.Mark(PassPart.Embedding, thread);
        for (var i = 0; i < _model.Layers.Length; i++)
        {
            var layer = _model.Layers[i];
            for (var t = start; t < end; t++) Norm(t, t, layer.AttentionNorm);
            _pool.Barrier();
            _clock.Mark(PassPart.Norms, thread);
            _attentionBlock.Run(layer, i, sequences, _tokenCount, thread);
            _pool.Barrier();
            _clock.Mark(PassPart.AttentionOutput, thread);
            for (var t = start; t < end; t++) Norm(t, t, layer.FeedForwardNorm);
            _pool.Barrier();
            _clock.Mark(PassPart.Norms, thread);
            _feedForward.Run(layer, _tokenCount, thread);
            _pool.Barrier();
            _clock.Mark(Config.Experts == 0 ? PassPart.Down : PassPart.Experts, thread);
        }
        (start, end) = WorkShare.Of(_logitCount, thread, _pool.Threads);
        for (var row = start; row < end; row++) Norm(_logitRows[row], row, _model.OutputNorm!);
        _pool.Barrier();
        _clock.Mark(PassPart.Norms, thread);
        var job = new MatrixJob(_workspace.Normed, _workspace.Identity, _logitCount, _logits, Config.VocabularySize);
        if (_logitCount > 0) _model.Output!.Multiply(job, thread, _pool.Threads, _workspace.Scratch[thread]);
        _clock.Mark(PassPart.Logits, thread);
    }

    /// <summary>Norms a token's residual stream into an input row, and quantises it: a layer's matrices may read either form.</summary>
    private void Norm(int token, int row, NativeBuffer weight)
    {
        var length = Config.EmbeddingLength;
        _kernels.RmsNorm(_workspace.Hidden + (nint)token * length, weight.Floats, _workspace.Normed.Row(row), length, Config.RmsEpsilon);
        if (length % 32 == 0) _workspace.Normed.Quantize(row, length);
    }

    private void CheckBlock(int block)
    {
        if ((uint)block >= (uint)Options.KvBlocks) throw new ArgumentException($"There is no KV block {block}; there are {Options.KvBlocks}.", nameof(block));
    }

    private void CheckLength(int length, string name)
    {
        if (length < BlockBytes) throw new ArgumentException($"A KV block takes {BlockBytes} bytes, not {length}.", name);
    }
}
