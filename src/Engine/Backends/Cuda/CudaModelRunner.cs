using System.Diagnostics;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Backends.Cuda;

/// <summary>
/// A model on a GPU, or its last layers there and the first on the processor. A pass is queued on one stream; one in
/// which every sequence decodes a token is recorded once for each number of sequences and launched as a graph from then
/// on. Nothing is allocated per pass.
/// </summary>
public sealed unsafe class CudaModelRunner : ISamplingRunner, IKvOffload
{
    private readonly CudaDevice _device;
    private readonly KernelModule _kernels;
    private readonly Operators _operators;
    private readonly CudaModel _model;
    private readonly CpuModelRunner? _front;
    private readonly float* _hidden;
    private readonly Workspace _workspace;
    private readonly KvPool _kv;
    private readonly KvTransfers _transfers;
    private readonly CudaBatch _batch;
    private readonly AttentionBlock _attention;
    private readonly FeedForwardBlock _feedForward;
    private readonly SamplingBlock _sampling;
    private readonly TokenChooser _chooser = new();
    private readonly float* _logits;
    private readonly nint[] _logitGraphs = new nint[Operators.MostVectors + 1];
    private readonly nint[] _tokenGraphs = new nint[Operators.MostVectors + 1];
    private bool _busy;
    private bool _waits; // the pass needs blocks that are being moved
    private bool _records = true;

    internal CudaModelRunner(
        ICudaDriver driver, int ordinal, ModelFile file, ModelConfig config, RunnerOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        Config = config;
        var layers = Math.Min(options.GpuLayers ?? config.Layers, config.Layers);
        Options = options with { GpuLayers = layers };
        _device = new(driver, ordinal);
        try
        {
            var (front, weights) = (config.Layers - layers, new LoadProgress(progress));
            _kernels = new(_device);
            // Before the weights, which take long to read: if there is no room, that shows at once.
            var memory = new RunnerMemory(_device, _kernels, config, layers, options);
            (_kv, _workspace, _batch, _sampling) = (memory.Kv, memory.Workspace, memory.Batch, memory.Sampling);
            _model = CudaModel.Load(_device, file, config, front, weights, cancellationToken);
            if (front > 0)
            {
                weights.Next();
                _front = CpuBackend.LoadFront(file, front, options, weights, cancellationToken);
                _hidden = (float*)_device.AllocateHost(sizeof(float) * (long)options.MaxBatchTokens * config.EmbeddingLength);
            }
            _transfers = new(_device, _kv, options.HostKvBlocks, _front?.BlockBytes ?? 0);
            memory.Rope.Fill(_model.RopeFactors);
            _operators = new(_kernels, memory.TensorCores);
            _attention = new(_device, config, _operators, _kv, _workspace, memory.Rope, memory.AttentionRoom, memory.PrefillPartial, options.KvType);
            _feedForward = new(config, _operators, _workspace);
            _logits = (float*)_device.AllocateHost(sizeof(float) * (long)Operators.MostVectors * config.VocabularySize);
        }
        catch (CudaException error) when (error.IsOutOfMemory)
        {
            Dispose();
            throw new CudaException($"{_device.Info.Name} has too little free memory for {config.Name}: {error.Message} Let fewer layers run there (--gpu-layers), shorten the context, or use --device cpu.", error.Code);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    public RunnerOptions Options { get; }

    /// <summary>How long passes have waited for the device so far; the rest of their time is the host's.</summary>
    internal TimeSpan Waited { get; private set; }

    /// <inheritdoc/>
    public int BlockBytes => checked(_kv.BlockBytes + (_front?.BlockBytes ?? 0));

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch is larger than the runner, or names tokens, blocks or rows that do not exist.</exception>
    /// <exception cref="CudaException">The device failed; the model has to be loaded again.</exception>
    public void Forward(in ForwardBatch batch, Span<float> logits)
    {
        BatchValidation.Check(batch, Config, Options, logits.Length);
        var rows = Start(batch);
        for (var row = 0; row < rows; row += Operators.MostVectors)
        {
            var count = Math.Min(Operators.MostVectors, rows - row);
            Finish(row, count, choose: false);
            ReceiveLogits(0, count).CopyTo(logits[(row * Config.VocabularySize)..]);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">As <see cref="Forward"/>.</exception>
    /// <exception cref="CudaException">The device failed; the model has to be loaded again.</exception>
    public void ForwardSampled(in ForwardBatch batch, ReadOnlySpan<SamplingRule> rules, Span<int> tokens)
    {
        BatchValidation.Check(batch, Config, Options, checked(tokens.Length * Config.VocabularySize));
        if (rules.Length != batch.LogitRows.Length) throw new ArgumentException($"{batch.LogitRows.Length} rows of logits need as many rules, not {rules.Length}.", nameof(rules));
        // Masks are computed elsewhere meanwhile: they, and rules with them, follow when the layers are queued.
        var together = rules.Length <= Operators.MostVectors && !HasMask(rules);
        var rows = Start(batch, together ? rules : default);
        for (var row = 0; row < rows; row += Operators.MostVectors)
        {
            var some = rules.Slice(row, Math.Min(Operators.MostVectors, rows - row));
            Finish(row, some.Length, choose: together);
            if (!together)
            {
                _batch.SendRules(some);
                _sampling.Run(_workspace.Logits, _batch, some.Length);
            }
            Wait();
            for (var i = 0; i < some.Length; i++) tokens[row + i] = _sampling.Tokens[i];
            for (var i = 0; i < some.Length; i++)
                if (tokens[row + i] == SamplingBlock.Unresolved || IsTooLong(some[i])) tokens[row + i] = ChooseOnHost(i, some[i]);
        }
    }

    /// <inheritdoc/>
    public void CopyBlock(int source, int destination)
    {
        CheckBlock(source);
        CheckBlock(destination);
        _device.Use();
        if (!_transfers.TryCopy(source, destination)) _kv.Copy(source, destination);
        _front?.CopyBlock(source, destination);
    }

    /// <inheritdoc/>
    public int HostSlots => _transfers.Slots;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no such block or slot.</exception>
    /// <exception cref="CudaException">The device failed; the model has to be loaded again.</exception>
    public bool TryOffload(int block, int slot)
    {
        CheckBlock(block);
        CheckSlot(slot);
        _device.Use();
        if (!_transfers.TryOffload(block, slot)) return false;
        _front?.ReadBlock(block, _transfers.Rest(slot));
        return true;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no such block or slot.</exception>
    public void Restore(int slot, int block)
    {
        CheckSlot(slot);
        CheckBlock(block);
        _transfers.Restore(slot, block);
        _front?.WriteBlock(block, _transfers.Rest(slot));
    }

    /// <inheritdoc/>
    public void ReadBlock(int block, Span<byte> destination)
    {
        CheckBlock(block);
        CheckLength(destination.Length, nameof(destination));
        FinishTransfers();
        _kv.Read(block, destination);
        _front?.ReadBlock(block, destination[_kv.BlockBytes..]);
    }

    /// <inheritdoc/>
    public void WriteBlock(int block, ReadOnlySpan<byte> source)
    {
        CheckBlock(block);
        CheckLength(source.Length, nameof(source));
        FinishTransfers();
        _kv.Write(block, source);
        _front?.WriteBlock(block, source[_kv.BlockBytes..]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _device.TryUse();
        foreach (var graph in _logitGraphs.Concat(_tokenGraphs))
            if (graph != 0) _device.Driver.DestroyGraph(graph);
        _transfers?.Dispose();
        _kernels?.Dispose();
        _device.Dispose();
        _front?.Dispose();
    }

    private int Positions => RopeTables.Positions(Config, Options.KvBlocks);

    private bool IsDecode => _batch.IsDecode && _batch.Tokens <= Operators.MostVectors;

    /// <summary>Sends a batch to the device and queues its layers, unless the last part of the pass does all.</summary>
    /// <returns>Rows of logits that are wanted.</returns>
    private int Start(in ForwardBatch batch, ReadOnlySpan<SamplingRule> rules = default)
    {
        foreach (var sequence in batch.Sequences)
        {
            if ((long)sequence.ContextLength + sequence.Count > Positions)
                throw new ArgumentException($"A sequence is longer than the {Positions} positions that the model was set up for.", nameof(batch));
        }
        _device.Use();
        _transfers.Flush();
        _waits = _transfers.Concern(batch.Sequences);
        _front?.Forward(new(batch.Tokens, batch.Sequences, []), []);
        // The pass before may still read the memory that this one's batch goes to: the processor's layers ran beside it.
        if (_busy) Wait();
        _busy = true;
        _batch.Load(batch, rules);
        if (_front is not null) TakeHidden(_front, batch.Tokens.Length);
        if (!IsDecode) QueueLayers();
        return _batch.LogitRows;
    }

    /// <summary>Puts what the processor's layers left where the device's copy from.</summary>
    private void TakeHidden(CpuModelRunner front, int tokens)
    {
        var bytes = sizeof(float) * (long)tokens * Config.EmbeddingLength;
        Buffer.MemoryCopy(front.Hidden, _hidden, bytes, bytes);
    }

    /// <summary>Queues a few rows of logits, and the choice of their tokens by the rules that went with the batch.</summary>
    private void Finish(int firstRow, int rows, bool choose)
    {
        if (IsDecode) Decode(ref (choose ? _tokenGraphs : _logitGraphs)[rows], choose);
        else QueueLogits(firstRow, rows, choose);
    }

    private void Decode(ref nint graph, bool choose)
    {
        if (graph != 0)
        {
            if (_waits) _transfers.AwaitAll();
            _device.Driver.LaunchGraph(graph, _device.Stream);
            return;
        }
        // The first pass runs as it is: a driver that loads kernels at their first use may not do so in a recording.
        QueueLayers();
        QueueLogits(0, _batch.Tokens, choose);
        if (!_records) return;
        _device.Synchronize();
        try
        {
            graph = Record(choose);
        }
        catch (CudaException error) when (error.IsOutOfMemory)
        {
            // The pass is done; without room for graphs the ones after it are queued kernel by kernel.
            _records = false;
        }
    }

    private nint Record(bool choose)
    {
        _device.Driver.BeginCapture(_device.Stream);
        try
        {
            QueueLayers();
            QueueLogits(0, _batch.Tokens, choose);
        }
        catch
        {
            // Only ends the recording, which is not whole.
            _device.Driver.DestroyGraph(_device.Driver.EndCapture(_device.Stream));
            throw;
        }
        return _device.Driver.EndCapture(_device.Stream);
    }

    private void QueueLayers()
    {
        int tokens = _batch.Tokens, width = Config.EmbeddingLength;
        if (_front is null) _operators.Embed(_model.Embedding!, _batch.TokenIds, _workspace.Hidden, tokens);
        else _device.Driver.CopyToDevice(_workspace.Hidden, _hidden, sizeof(float) * (long)tokens * width, _device.Stream);
        for (var i = 0; i < _model.Layers.Length; i++)
        {
            var layer = _model.Layers[i];
            if (_waits) _transfers.Await(i);
            _attention.Run(layer, i, _batch);
            _feedForward.Run(layer, tokens);
        }
    }

    private void QueueLogits(int firstRow, int rows, bool choose)
    {
        var which = _batch.LogitRowIds + (ulong)firstRow * sizeof(int);
        if (_batch.Tokens == 1)
        {
            _operators.MultiplyNormed([new(_model.Output, 0, _workspace.Logits)], _workspace.Hidden, _model.OutputNorm, Config.RmsEpsilon, _workspace.Normed, 1);
        }
        else
        {
            _operators.Norm(_workspace.Hidden, which, _model.OutputNorm, _workspace.Normed, rows, Config.EmbeddingLength, Config.RmsEpsilon);
            _operators.Multiply(_model.Output, _workspace.Normed, 0, _workspace.Logits, rows);
        }
        if (choose) _sampling.Run(_workspace.Logits, _batch, rows);
    }

    /// <summary>Waits for rows of logits; they are valid until the next pass.</summary>
    private Span<float> ReceiveLogits(int row, int rows)
    {
        var offset = (ulong)row * (ulong)Config.VocabularySize * sizeof(float);
        _device.Driver.CopyToHost(_logits, _workspace.Logits + offset, (long)rows * Config.VocabularySize * sizeof(float), _device.Stream);
        Wait();
        return new(_logits, rows * Config.VocabularySize);
    }

    private void Wait()
    {
        var start = Stopwatch.GetTimestamp();
        _device.Synchronize();
        Waited += Stopwatch.GetElapsedTime(start);
        _busy = false;
    }

    private static bool HasMask(ReadOnlySpan<SamplingRule> rules)
    {
        foreach (ref readonly var rule in rules)
            if (rule.Allowed is not null) return true;
        return false;
    }

    private static bool IsTooLong(in SamplingRule rule) => rule.Penalised.Length > CudaBatch.MostPenalised;

    /// <summary>Chooses a token from logits to which the device has applied the mask, and the penalty unless it was too long.</summary>
    private int ChooseOnHost(int row, in SamplingRule rule) =>
        _chooser.Choose(ReceiveLogits(row, 1), rule with { Allowed = null, Penalised = IsTooLong(rule) ? rule.Penalised : default });

    private void CheckBlock(int block)
    {
        if ((uint)block >= (uint)Options.KvBlocks) throw new ArgumentException($"There is no KV block {block}; there are {Options.KvBlocks}.", nameof(block));
    }

    private void CheckSlot(int slot)
    {
        if ((uint)slot >= (uint)HostSlots) throw new ArgumentException($"There is no host slot {slot}; there are {HostSlots}.", nameof(slot));
    }

    /// <summary>Queues what is to be moved, and lets the device's stream wait for it.</summary>
    private void FinishTransfers()
    {
        _device.Use();
        _transfers.Flush();
        _transfers.AwaitAll();
    }

    private void CheckLength(int length, string name)
    {
        if (length < BlockBytes) throw new ArgumentException($"A KV block takes {BlockBytes} bytes, not {length}.", name);
    }
}
