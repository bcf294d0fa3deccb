using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda;

/// <summary>
/// A model on a GPU. A pass is queued on one stream; one in which every sequence decodes a token is recorded once for
/// each number of sequences and launched as a graph from then on. Nothing is allocated per pass.
/// </summary>
public sealed unsafe class CudaModelRunner : IGreedyRunner
{
    private readonly CudaDevice _device;
    private readonly KernelModule _kernels;
    private readonly Operators _operators;
    private readonly CudaModel _model;
    private readonly Workspace _workspace;
    private readonly KvPool _kv;
    private readonly CudaBatch _batch;
    private readonly AttentionBlock _attention;
    private readonly FeedForwardBlock _feedForward;
    private readonly float* _logits;
    private readonly int* _likeliest;
    private readonly nint[] _decodeGraphs = new nint[Operators.MostVectors + 1];
    private readonly nint[] _greedyGraphs = new nint[Operators.MostVectors + 1];

    internal CudaModelRunner(
        ICudaDriver driver, int ordinal, ModelFile file, ModelConfig config, RunnerOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        Config = config;
        Options = options;
        _device = new(driver, ordinal);
        try
        {
            _kernels = new(_device);
            _operators = new(_kernels, new(_kernels, _device, TensorCores.InputValues(config, options.MaxBatchTokens)));
            _model = CudaModel.Load(_device, file, config, progress, cancellationToken);
            _kv = new(_device, config, options.KvType, options.KvBlocks);
            _workspace = new(_device, config, options.MaxBatchTokens);
            _batch = new(_device, options.MaxBatchTokens, config.Heads / config.KvHeads, options.KvBlocks);
            _attention = new(_device, config, _operators, _kv, _workspace, Rope(), options.KvType);
            _feedForward = new(config, _operators, _workspace);
            _logits = (float*)_device.AllocateHost(sizeof(float) * (long)Operators.MostVectors * config.VocabularySize);
            _likeliest = (int*)_device.AllocateHost(sizeof(int) * Operators.MostVectors);
        }
        catch (CudaException error) when (error.IsOutOfMemory)
        {
            Dispose();
            throw new CudaException($"{_device.Info.Name} has too little free memory for {config.Name}: {error.Message} Use a smaller model or context, or --device cpu.", error.Code);
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

    /// <inheritdoc/>
    public int BlockBytes => _kv.BlockBytes;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch is larger than the runner, or names tokens, blocks or rows that do not exist.</exception>
    /// <exception cref="CudaException">The device failed; the model has to be loaded again.</exception>
    public void Forward(in ForwardBatch batch, Span<float> logits)
    {
        BatchValidation.Check(batch, Config, Options, logits.Length);
        var rows = Start(batch);
        for (var row = 0; row < rows; row += Operators.MostVectors)
        {
            var count = Finish(row, greedy: false);
            new ReadOnlySpan<float>(_logits, count * Config.VocabularySize).CopyTo(logits[(row * Config.VocabularySize)..]);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">As <see cref="Forward"/>.</exception>
    /// <exception cref="CudaException">The device failed; the model has to be loaded again.</exception>
    public void ForwardGreedy(in ForwardBatch batch, Span<int> likeliest)
    {
        BatchValidation.Check(batch, Config, Options, checked(likeliest.Length * Config.VocabularySize));
        var rows = Start(batch);
        for (var row = 0; row < rows; row += Operators.MostVectors)
        {
            var count = Finish(row, greedy: true);
            new ReadOnlySpan<int>(_likeliest, count).CopyTo(likeliest[row..]);
        }
    }

    /// <inheritdoc/>
    public void CopyBlock(int source, int destination)
    {
        CheckBlock(source);
        CheckBlock(destination);
        _device.Use();
        _kv.Copy(source, destination);
    }

    /// <inheritdoc/>
    public void ReadBlock(int block, Span<byte> destination)
    {
        CheckBlock(block);
        CheckLength(destination.Length, nameof(destination));
        _device.Use();
        _kv.Read(block, destination);
    }

    /// <inheritdoc/>
    public void WriteBlock(int block, ReadOnlySpan<byte> source)
    {
        CheckBlock(block);
        CheckLength(source.Length, nameof(source));
        _device.Use();
        _kv.Write(block, source);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var graph in _decodeGraphs.Concat(_greedyGraphs))
            if (graph != 0) _device.Driver.DestroyGraph(graph);
        _kernels?.Dispose();
        _device.Dispose();
    }

    /// <summary>Longest sequence: the model's context, or less when there is not room for it.</summary>
    private int Positions => (int)Math.Min(Config.ContextLength, (long)Options.KvBlocks * RunnerOptions.BlockTokens);

    private bool IsDecode => _batch.IsDecode && _batch.Tokens <= Operators.MostVectors;

    /// <summary>Sends a batch to the device and queues its layers, unless the last part of the pass does all.</summary>
    /// <returns>Rows of logits that are wanted.</returns>
    private int Start(in ForwardBatch batch)
    {
        foreach (var sequence in batch.Sequences)
        {
            if ((long)sequence.ContextLength + sequence.Count > Positions)
                throw new ArgumentException($"A sequence is longer than the {Positions} positions that the model was set up for.", nameof(batch));
        }
        _device.Use();
        _batch.Load(batch);
        if (!IsDecode) QueueLayers();
        // The batch's memory is written again next time.
        if (_batch.LogitRows == 0) _device.Synchronize();
        return _batch.LogitRows;
    }

    /// <summary>Computes a few rows of logits, or their likeliest tokens, and waits for them.</summary>
    /// <returns>How many rows.</returns>
    private int Finish(int firstRow, bool greedy)
    {
        var rows = Math.Min(Operators.MostVectors, _batch.LogitRows - firstRow);
        if (IsDecode) Decode(ref (greedy ? _greedyGraphs : _decodeGraphs)[rows], greedy);
        else QueueLogits(firstRow, rows, greedy);
        _device.Synchronize();
        return rows;
    }

    private void Decode(ref nint graph, bool greedy)
    {
        if (graph != 0)
        {
            _device.Driver.LaunchGraph(graph, _device.Stream);
            return;
        }
        // The first pass runs as it is: a driver that loads kernels at their first use may not do so in a recording.
        QueueLayers();
        QueueLogits(0, _batch.Tokens, greedy);
        _device.Synchronize();
        _device.Driver.BeginCapture(_device.Stream);
        try
        {
            QueueLayers();
            QueueLogits(0, _batch.Tokens, greedy);
        }
        finally
        {
            graph = _device.Driver.EndCapture(_device.Stream);
        }
    }

    private void QueueLayers()
    {
        int tokens = _batch.Tokens, width = Config.EmbeddingLength;
        _operators.Embed(_model.Embedding, _batch.TokenIds, _workspace.Hidden, tokens);
        for (var i = 0; i < _model.Layers.Length; i++)
        {
            var layer = _model.Layers[i];
            _operators.Norm(_workspace.Hidden, 0, layer.AttentionNorm, _workspace.Normed, tokens, width, Config.RmsEpsilon);
            _attention.Run(layer, i, _batch);
            _operators.Norm(_workspace.Hidden, 0, layer.FeedForwardNorm, _workspace.Normed, tokens, width, Config.RmsEpsilon);
            _feedForward.Run(layer, tokens);
        }
    }

    private void QueueLogits(int firstRow, int rows, bool greedy)
    {
        var which = _batch.LogitRowIds + (ulong)firstRow * sizeof(int);
        _operators.Norm(_workspace.Hidden, which, _model.OutputNorm, _workspace.Normed, rows, Config.EmbeddingLength, Config.RmsEpsilon);
        _operators.Multiply(_model.Output, _workspace.Normed, 0, _workspace.Logits, rows);
        if (greedy)
        {
            _operators.ArgMax(_workspace.Logits, _workspace.Likeliest, rows, Config.VocabularySize);
            _device.Driver.CopyToHost(_likeliest, _workspace.Likeliest, sizeof(int) * (long)rows, _device.Stream);
            return;
        }
        _device.Driver.CopyToHost(_logits, _workspace.Logits, sizeof(float) * (long)rows * Config.VocabularySize, _device.Stream);
    }

    /// <summary>Cosines and sines of every position, [position][pair].</summary>
    private (ulong Cosines, ulong Sines) Rope()
    {
        var frequencies = RopeFrequencies.Compute(Config, _model.RopeFactors);
        var magnitude = RopeFrequencies.Magnitude(Config);
        var cosines = new float[checked(Positions * frequencies.Length)];
        var sines = new float[cosines.Length];
        Parallel.For(0, Positions, position =>
        {
            for (var i = 0; i < frequencies.Length; i++)
            {
                var (sine, cosine) = Math.SinCos(position * frequencies[i]);
                cosines[position * frequencies.Length + i] = (float)cosine * magnitude;
                sines[position * frequencies.Length + i] = (float)sine * magnitude;
            }
        });
        return (Send(cosines), Send(sines));
    }

    private ulong Send(float[] values)
    {
        var address = _device.AllocateFloats(values.Length);
        fixed (float* source = values) _device.Driver.CopyToDevice(address, source, values.Length * (long)sizeof(float), _device.Stream);
        _device.Synchronize();
        return address;
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
