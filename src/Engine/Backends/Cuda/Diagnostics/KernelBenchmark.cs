using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Backends.Cuda.Diagnostics;

/// <summary>
/// Times single kernels and copies by events on the device, at the sizes of Llama-3.1-8B. What a kernel reads lies in so
/// many places in turn that the device's cache does not hold it; all memory is random bytes, since products of zeros need
/// less power and run faster.
/// </summary>
internal sealed unsafe class KernelBenchmark : IDisposable
{
    private static readonly StorageType[] Types =
        [StorageType.BF16, StorageType.F16, StorageType.Q8_0, StorageType.Q4_0, StorageType.Q4_K, StorageType.Q5_K, StorageType.Q6_K, StorageType.MXFP4];

    private readonly CudaDevice _device;
    private readonly KernelModule _kernels;
    private readonly Operators _operators;
    private readonly DeviceTimer _timer;
    private readonly ModelConfig _config;
    private readonly Workspace _workspace;
    private readonly long _arenaBytes;
    private readonly ulong _arena;
    private readonly int[] _depths;
    private readonly int _prompt;

    /// <param name="driver">The driver.</param>
    /// <param name="ordinal">The GPU.</param>
    /// <param name="small">Tiny sizes and single runs: shows that everything works, not how fast.</param>
    public KernelBenchmark(ICudaDriver driver, int ordinal, bool small)
    {
        _device = new(driver, ordinal);
        try
        {
            _kernels = new(_device);
            _timer = new(_device, repetitions: small ? 1 : 7, launches: small ? 1 : 20);
            // Four layers, so that the keys and values of one are out of the cache when its turn comes again.
            _config = (small ? ModelShape.Find("tiny-test").Config with { EmbeddingLength = 256 } : ModelShape.Find("llama3.1-8b").Config) with { Layers = 4 };
            _prompt = small ? 64 : 512;
            _operators = new(_kernels, new(_kernels, _device, TensorCores.InputValues(_config, _prompt)));
            _depths = small ? [64] : [8192, 32768];
            _workspace = new(_device, _config, _prompt);
            _arenaBytes = small ? 1 << 20 : 1L << 30;
            _arena = _device.Allocate(_arenaBytes);
            Fill();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Measures, and gives each row when it is ready.</summary>
    public IEnumerable<KernelBenchmarkRow> Run(CancellationToken cancellationToken)
    {
        foreach (var measure in Copies().Concat(Products()).Concat(Attention()).Concat(Others()))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return measure();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _kernels?.Dispose();
        _device.Dispose();
    }

    private IEnumerable<Func<KernelBenchmarkRow>> Copies()
    {
        var half = _arenaBytes / 2;
        var host = AllocateHost(half);
        yield return () => Row("copy on device", $"{half >> 10} KiB", 2 * half, 0, _ => _device.Driver.CopyOnDevice(_arena + (ulong)half, _arena, half, _device.Stream));
        yield return () => Row("copy from device", $"{half >> 10} KiB, pinned", half, 0, _ => CopyOut(host, half));
        yield return () => Row("copy to device", $"{half >> 10} KiB, pinned", half, 0, _ => CopyIn(host, half));
        // As KV blocks move.
        var pieces = $"{half >> 10} KiB, pinned, in parts of {KvTransfers.PieceBytes >> 10} KiB";
        yield return () => Row("copy from device", pieces, half, 0, _ => InPieces(half, (offset, bytes) => CopyOut(host + (nint)offset, bytes)));
        yield return () => Row("copy to device", pieces, half, 0, _ => InPieces(half, (offset, bytes) => CopyIn(host + (nint)offset, bytes)));
    }

    private static void InPieces(long bytes, Action<long, long> copy)
    {
        for (long offset = 0; offset < bytes; offset += KvTransfers.PieceBytes) copy(offset, Math.Min(KvTransfers.PieceBytes, bytes - offset));
    }

    // Iterators have no pointers.
    private nint AllocateHost(long bytes) => (nint)_device.AllocateHost(bytes);

    private void CopyOut(nint host, long bytes) => _device.Driver.CopyToHost((void*)host, _arena, bytes, _device.Stream);

    private void CopyIn(nint host, long bytes) => _device.Driver.CopyToDevice(_arena, (void*)host, bytes, _device.Stream);

    private IEnumerable<Func<KernelBenchmarkRow>> Products()
    {
        int rows = _config.FeedForwardLength, columns = _config.EmbeddingLength;
        foreach (var type in Types)
        {
            var rowBytes = PackedRows.RowBytes(type, columns);
            var places = Places(rows * rowBytes);
            CudaMatrix Matrix(int run) => new(NameOf(type), places(run), rows, columns, rowBytes);
            foreach (var (batch, kernel) in new[] { (1, "_1"), (4, "_4"), (16, "_16") })
            {
                yield return () => Row(
                    $"gemv_{NameOf(type)}{kernel}", $"{rows} × {columns}, {batch} vectors", rows * rowBytes, 0,
                    run => _operators.Multiply(Matrix(run), _workspace.Hidden, 0, _workspace.Gate, batch));
            }
            yield return () => Row(
                $"gemv_{NameOf(type)}_1, gate and up", $"2 of {rows} × {columns}, with norm and SiLU", 2 * rows * rowBytes, 0,
                run => _operators.Gate(
                    new(Matrix(2 * run), 0, _workspace.Gate), new(Matrix(2 * run + 1), 0, _workspace.Up), _workspace.Hidden, _arena, 1e-5f, _workspace.Normed, 1));
            // The tiny size has widths that are no whole blocks of the larger types.
            if (_config.Heads * _config.HeadLength % StorageLayout.Of(type).BlockLength == 0 && rows % StorageLayout.Of(type).BlockLength == 0)
                yield return () => LayersRow(type);
            yield return () =>
            {
                _operators.Prepare(_workspace.Hidden, _prompt, Matrix(0));
                return Row(
                    $"gemm_{NameOf(type)}", $"{rows} × {columns}, {_prompt} vectors", 0, 2.0 * rows * columns * _prompt,
                    run => _operators.Multiply(Matrix(run), _workspace.Hidden, 0, _workspace.Gate, _prompt));
            };
        }
        var expert = PackedRows.RowBytes(StorageType.Q4_K, columns);
        const int Experts = 16, Used = 8;
        var width = rows / Experts;
        var expertPlaces = Places(Experts * width * expert);
        var chosen = Send([.. Enumerable.Range(0, Used).Select(i => 2 * i)]);
        yield return () => Row(
            "gemv_q4_k_1, experts", $"{Used} of {Experts} experts, {width} × {columns}", Used * width * expert, 0,
            run => _operators.MultiplyExperts(new("q4_k", expertPlaces(run), width, columns, expert), _workspace.Hidden, chosen, _workspace.Gate, Used, Used));
    }

    /// <summary>The products of some layers' decode as one graph: what the launches between them cost.</summary>
    private KernelBenchmarkRow LayersRow(StorageType type)
    {
        long at = 0, bytes = 0;
        CudaMatrix Next(int rows, int columns)
        {
            var rowBytes = PackedRows.RowBytes(type, columns);
            if (at + rows * rowBytes > _arenaBytes) at = 0;
            var matrix = new CudaMatrix(NameOf(type), _arena + (ulong)at, rows, columns, rowBytes);
            at += (rows * rowBytes + 255) / 256 * 256;
            bytes += rows * rowBytes;
            return matrix;
        }
        int width = _config.EmbeddingLength, query = _config.Heads * _config.HeadLength, key = _config.KvHeads * _config.HeadLength, inner = _config.FeedForwardLength;
        void Layer()
        {
            _operators.MultiplyNormed(
                [new(Next(query, width), 0, _workspace.Query), new(Next(key, width), 0, _workspace.Key), new(Next(key, width), 0, _workspace.Value)],
                _workspace.Hidden, _arena, 1e-5f, _workspace.Normed, 1);
            _operators.Multiply(Next(width, query), _workspace.Query, 0, _workspace.Normed, 1);
            _operators.Gate(new(Next(inner, width), 0, _workspace.Gate), new(Next(inner, width), 0, _workspace.Up), _workspace.Hidden, _arena, 1e-5f, _workspace.Normed, 1);
            _operators.Multiply(Next(width, inner), _workspace.Gate, 0, _workspace.Normed, 1);
        }
        // Kernels are compiled at their first use, which a recording does not allow.
        Layer();
        _device.Synchronize();
        (at, bytes) = (0, 0);
        _device.Driver.BeginCapture(_device.Stream);
        for (var i = 0; i < _config.Layers; i++) Layer();
        var graph = _device.Driver.EndCapture(_device.Stream);
        try
        {
            return Row($"layers_{NameOf(type)}", $"products of {_config.Layers} layers for 1 vector, a graph", bytes, 0, _ => _device.Driver.LaunchGraph(graph, _device.Stream));
        }
        finally
        {
            _device.Synchronize();
            _device.Driver.DestroyGraph(graph);
        }
    }

    private IEnumerable<Func<KernelBenchmarkRow>> Attention()
    {
        foreach (var depth in _depths)
        {
            foreach (var type in new[] { KvType.F16, KvType.Q8_0 })
            {
                // What lies in memory counts for nothing but its size; each depth and type has its own, freed with the device.
                yield return () => AttentionRow(type, depth, 1);
                if (type == KvType.F16) yield return () => AttentionRow(type, depth, _prompt);
            }
        }
    }

    private KernelBenchmarkRow AttentionRow(KvType type, int depth, int tokens)
    {
        var blocks = (depth + _prompt) / RunnerOptions.BlockTokens;
        var pool = new KvPool(_device, _config, type, blocks);
        var batch = new CudaBatch(_device, _prompt, _config.Heads / _config.KvHeads, PrefillAttention.TileRows(_config), blocks, _config.VocabularySize);
        var attention = new AttentionBlock(_device, _config, _operators, pool, _workspace, new(_device, _config, 1), new DecodeAttention.Room(_device, _config), PrefillAttention.AllocatePartial(_device, _config), type);
        batch.Load(new ForwardBatch(new int[tokens], [new SequenceSlice(0, tokens, depth - 1, [.. Enumerable.Range(0, blocks)])], new int[1]));
        var bytes = KvPool.BytesPerBlock(_config, type) / _config.Layers * (depth / RunnerOptions.BlockTokens);
        var operations = 4.0 * tokens * (depth + tokens / 2) * _config.Heads * _config.HeadLength;
        return Row(
            $"attention, {type} keys and values", $"{tokens} tokens at {depth}, {_config.Heads} heads of {_config.HeadLength} in {_config.KvHeads} groups",
            tokens == 1 ? bytes : 0, tokens == 1 ? 0 : operations, run => attention.Attend(run % _config.Layers, batch));
    }

    private IEnumerable<Func<KernelBenchmarkRow>> Others()
    {
        var width = _config.EmbeddingLength;
        void Norm(int run) => _operators.Norm(_workspace.Hidden, 0, _arena, _workspace.Normed, 1, width, 1e-5f);
        yield return () => Row("rms_norm", $"{width}", 0, 0, Norm);
        yield return () => Row("swiglu", $"{_config.FeedForwardLength}", 0, 0, _ => _operators.SwiGlu(_workspace.Gate, _workspace.Up, _config.FeedForwardLength));
        var vocabulary = _config.VocabularySize;
        var sampling = new SamplingBlock(_device, _kernels, vocabulary);
        foreach (var (name, rule) in new (string, SamplingRule)[]
        {
            ("the likeliest", new()),
            ("of all", new() { Temperature = 1, TopP = 1, Uniform = 0.5 }),
            ("of 40", new() { Temperature = 1, TopK = 40, TopP = 0.95f, Uniform = 0.5 }),
        })
        {
            yield return () =>
            {
                var batch = new CudaBatch(_device, 1, 1, 64, 1, vocabulary);
                batch.Load(new ForwardBatch([0], [new SequenceSlice(0, 1, 0, [0])], [0]), [rule]);
                return Row("sample", $"{vocabulary} logits, {name}", sizeof(float) * (double)vocabulary, 0, _ => sampling.Run(_workspace.Logits, batch, 1));
            };
        }
        // What is between the kernels of a graph, which decode consists of: the smallest kernel, many times.
        yield return () =>
        {
            const int Kernels = 300;
            _device.Synchronize();
            _device.Driver.BeginCapture(_device.Stream);
            for (var i = 0; i < Kernels; i++) Norm(i);
            var graph = _device.Driver.EndCapture(_device.Stream);
            try
            {
                return Row("graph", $"{Kernels} times rms_norm", 0, 0, _ => _device.Driver.LaunchGraph(graph, _device.Stream));
            }
            finally
            {
                _device.Synchronize();
                _device.Driver.DestroyGraph(graph);
            }
        };
    }

    private KernelBenchmarkRow Row(string kernel, string shape, double bytes, double operations, Action<int> queue)
    {
        var seconds = _timer.Measure(queue);
        return new(kernel, shape, 1e6 * seconds, bytes > 0 ? bytes / seconds / 1e9 : null, operations > 0 ? operations / seconds / 1e12 : null);
    }

    private static string NameOf(StorageType type) => StorageLayout.Of(type).Name.ToLowerInvariant();

    /// <summary>Addresses in the arena for something of that size, another for each run.</summary>
    private Func<int, ulong> Places(long bytes)
    {
        var size = (bytes + 255) / 256 * 256;
        var count = _arenaBytes / size;
        if (count == 0) throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "It does not fit the arena.");
        return run => _arena + (ulong)(run % count * size);
    }

    private ulong Send(int[] values)
    {
        var address = _device.Allocate(values.Length * sizeof(int));
        fixed (int* source = values) _device.Driver.CopyToDevice(address, source, values.Length * sizeof(int), _device.Stream);
        _device.Synchronize();
        return address;
    }

    /// <summary>Random bytes in the arena and in what the kernels take as inputs; without the highest exponents, so that nothing is infinite.</summary>
    private void Fill()
    {
        var random = new Random(1);
        var bytes = new byte[Math.Min(_arenaBytes, 32 << 20)];
        random.NextBytes(bytes);
        for (var i = 0; i < bytes.Length; i++) bytes[i] &= 0xBF;
        fixed (byte* source = bytes) _device.Driver.CopyToDevice(_arena, source, bytes.Length, _device.Stream);
        _device.Synchronize();
        for (long done = bytes.Length; done < _arenaBytes; done += bytes.Length) _device.Driver.CopyOnDevice(_arena + (ulong)done, _arena, bytes.Length, _device.Stream);
        var inputs = new[] { (_workspace.Hidden, _config.EmbeddingLength), (_workspace.Gate, _config.FeedForwardLength), (_workspace.Up, _config.FeedForwardLength), (_workspace.Query, _config.Heads * _config.HeadLength) };
        _device.Driver.CopyOnDevice(_workspace.Logits, _arena, Math.Min(bytes.Length, (long)_config.VocabularySize * sizeof(float)), _device.Stream);
        foreach (var (address, width) in inputs) _device.Driver.CopyOnDevice(address, _arena, Math.Min(bytes.Length, (long)_prompt * width * sizeof(float)), _device.Stream);
        _device.Synchronize();
    }
}
