using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cpu.Model;
using AgentRuntime.Engine.Backends.Cuda;

namespace AgentRuntime.Engine.Diagnostics;

/// <summary>
/// Speed of a runner alone: prefill and decode of random tokens on a KV cache of given depth. A deep cache is made by
/// prefilling one batch and copying its blocks, since only its size matters for speed.
/// </summary>
public sealed class EngineBenchmark
{
    private readonly IModelRunner _runner;
    private readonly EngineBenchmarkOptions _options;
    private readonly TimeProvider _time;
    private readonly Random _random = new(1);
    private readonly int[] _blocks;
    private readonly float[] _logits;
    private readonly int[] _token = new int[1];
    private readonly int[] _chosen = new int[1];
    private readonly SequenceSlice[] _slice = new SequenceSlice[1];
    private TimeSpan _decodeTime;
    private long _decodeBytes;

    /// <summary>Prepares the tests on a runner with at least <see cref="EngineBenchmarkOptions.KvBlocks"/> KV blocks, whose contents are overwritten.</summary>
    /// <exception cref="ArgumentException">The options are out of range or the runner has too few KV blocks.</exception>
    public EngineBenchmark(IModelRunner runner, EngineBenchmarkOptions options, TimeProvider? time = null)
    {
        if (options.Prompts.Any(prompt => prompt < 1) || options.Depths.Any(depth => depth < 0) || options.Generate < 0 || options.Verify < 0)
            throw new ArgumentException("Prompts must be at least 1 token; depths, generated and verified tokens not negative.", nameof(options));
        if (options.Verify > runner.Options.MaxBatchTokens)
            throw new ArgumentException($"At most {runner.Options.MaxBatchTokens} tokens can be verified at once.", nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Repetitions, 1);
        if (runner.Options.KvBlocks < options.KvBlocks)
            throw new ArgumentException($"The tests need {options.KvBlocks} KV blocks, but the runner has {runner.Options.KvBlocks}.", nameof(runner));
        _runner = runner;
        _options = options;
        _time = time ?? TimeProvider.System;
        _blocks = Enumerable.Range(0, options.KvBlocks).ToArray();
        _logits = new float[checked(runner.Config.VocabularySize * Math.Max(1, options.Verify))];
    }

    /// <summary>Number of rows that <see cref="Run"/> gives.</summary>
    public int Tests => _options.Depths.Count * (_options.Prompts.Count + (_options.Generate > 0 ? 1 : 0) + (_options.Verify > 0 ? 1 : 0));

    /// <summary>Runs the tests, depth by depth, and gives each row when it is ready.</summary>
    public IEnumerable<BenchmarkRow> Run(CancellationToken cancellationToken = default)
    {
        foreach (var depth in _options.Depths)
        {
            FillCache(depth);
            foreach (var prompt in _options.Prompts)
                yield return Measure("prefill", prompt, depth, () => Prefill(prompt, depth, cancellationToken), cancellationToken);
            if (_options.Generate > 0)
                yield return MeasureDecode(depth, cancellationToken);
            if (_options.Verify > 0)
                yield return Measure("verify", _options.Verify, depth, () => Forward(_options.Verify, depth, wanted: _options.Verify), cancellationToken);
        }
    }

    private BenchmarkRow MeasureDecode(int depth, CancellationToken cancellationToken)
    {
        var (gpu, steps) = (_runner as CudaModelRunner, _options.Generate * (_options.Repetitions + 1));
        // The first step on a GPU is recorded; it is neither the host's usual time nor memory.
        if (gpu is not null) Decode(Math.Min(2, _options.Generate), depth, cancellationToken);
        (_decodeTime, _decodeBytes) = (default, 0);
        var waited = gpu?.Waited ?? default;
        var row = Measure("decode", _options.Generate, depth, () => Decode(_options.Generate, depth, cancellationToken), cancellationToken);
        return gpu is null ? row : row with
        {
            HostMicroseconds = Math.Round((_decodeTime - (gpu.Waited - waited)).TotalMicroseconds / steps, 1),
            AllocatedBytes = (double)_decodeBytes / steps,
        };
    }

    private BenchmarkRow Measure(string test, int tokens, int depth, Action run, CancellationToken cancellationToken)
    {
        var rates = new List<double>();
        var clock = _options.Parts ? (_runner as CpuModelRunner)?.Clock : null;
        for (var i = 0; i <= _options.Repetitions; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (i == 1) clock?.Reset();
            var start = _time.GetTimestamp();
            run();
            if (i > 0) rates.Add(tokens / _time.GetElapsedTime(start).TotalSeconds);
        }
        return new(test, tokens, depth, BenchmarkRate.Of(rates))
        {
            PartsMs = clock is null ? null : Enum.GetValues<PassPart>().Where(part => clock[part] > TimeSpan.Zero)
                .ToDictionary(part => part.ToString(), part => Math.Round(clock[part].TotalMilliseconds / _options.Repetitions, 3)),
        };
    }

    private void Prefill(int count, int depth, CancellationToken cancellationToken)
    {
        for (var done = 0; done < count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var size = Math.Min(_runner.Options.MaxBatchTokens, count - done);
            Forward(size, depth + done, wanted: done + size == count ? 1 : 0);
            done += size;
        }
    }

    private void Decode(int count, int depth, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _token[0] = _random.Next(_runner.Config.VocabularySize);
            _slice[0] = new(0, 1, depth + i, _blocks);
            var (start, bytes) = (_time.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            Step(new(_token, _slice, [0]));
            _decodeTime += _time.GetElapsedTime(start);
            _decodeBytes += GC.GetAllocatedBytesForCurrentThread() - bytes;
        }
    }

    /// <summary>A decode step as a generation makes it: a runner that can choose the token does.</summary>
    private void Step(in ForwardBatch batch)
    {
        if (_runner is ISamplingRunner sampling) sampling.ForwardSampled(batch, [default], _chosen);
        else _runner.Forward(batch, _logits);
    }

    private void FillCache(int depth)
    {
        if (depth == 0) return;
        var filled = Math.Min(depth, _runner.Options.MaxBatchTokens);
        Forward(filled, 0, wanted: 0);
        var whole = Math.Max(1, filled / RunnerOptions.BlockTokens);
        for (var block = whole; block * RunnerOptions.BlockTokens < depth; block++) _runner.CopyBlock(block % whole, block);
    }

    /// <summary>One pass over random tokens; <paramref name="wanted"/> is how many of the last positions' logits are computed.</summary>
    private void Forward(int count, int position, int wanted)
    {
        var tokens = new int[count];
        for (var i = 0; i < count; i++) tokens[i] = _random.Next(_runner.Config.VocabularySize);
        _runner.Forward(new ForwardBatch(tokens, [new SequenceSlice(0, count, position, _blocks)], Enumerable.Range(count - wanted, wanted).ToArray()), _logits);
    }
}
