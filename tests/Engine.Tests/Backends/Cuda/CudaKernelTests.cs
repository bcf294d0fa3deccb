using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>Single kernels against plain loops. Tolerances are those that the kernels' files state.</summary>
[Collection(CudaCollection.Name)]
public sealed unsafe class CudaKernelTests
{
    public static TheoryData<StorageType> Types =>
        [StorageType.F32, StorageType.F16, StorageType.BF16, StorageType.Q8_0, StorageType.Q4_0, StorageType.Q4_K, StorageType.Q5_K, StorageType.Q6_K, StorageType.MXFP4];

    [Theory]
    [MemberData(nameof(Types))]
    public void ProductsAreThePlainOnes(StorageType type)
    {
        using var gpu = new Gpu();
        var unit = StorageLayout.Of(type).BlockLength;
        foreach (var (rows, columns) in new[] { (1, unit == 1 ? 7 : unit), (33, unit == 1 ? 129 : 3 * unit), (70, unit == 256 ? 256 : 160), (130, 4352) })
        {
            foreach (var tokens in new[] { 1, 3, 16, 17, 65, 150 })
            {
                if (rows * columns * tokens > 5_000_000 && tokens != 17) continue;
                Products(gpu, type, rows, columns, tokens);
            }
        }
    }

    private static void Products(Gpu gpu, StorageType type, int rows, int columns, int tokens)
    {
        var random = new Random(rows + columns + tokens);
        var (weights, bytes) = Weights(type, rows, columns, random);
        var input = Floats(tokens * columns, random);
        var bias = Floats(rows, random);
        var matrix = gpu.SendMatrix(type, bytes, rows, columns);
        ulong output = gpu.Send(new float[tokens * rows]), vectors = gpu.Send(input);
        gpu.Operators.Prepare(vectors, tokens, matrix);
        gpu.Operators.Multiply(matrix, vectors, gpu.Send(bias), output, tokens);
        gpu.Operators.Multiply(matrix, vectors, 0, output, tokens, accumulate: true);
        var actual = gpu.Receive(output, tokens * rows);
        var tolerance = tokens <= Operators.MostVectors || type == StorageType.F32 ? 1e-4 : type == StorageType.BF16 ? 1e-2 : 2e-3;
        for (var t = 0; t < tokens; t++)
        {
            for (var r = 0; r < rows; r++)
            {
                double sum = 0, size = 0;
                for (var c = 0; c < columns; c++)
                {
                    sum += (double)weights[r * columns + c] * input[t * columns + c];
                    size += Math.Abs((double)weights[r * columns + c] * input[t * columns + c]);
                }
                Assert.True(
                    Math.Abs(2 * sum + bias[r] - actual[t * rows + r]) <= tolerance * (2 * size + 1),
                    $"{type} {rows}x{columns}, {tokens} tokens, row {r}, token {t}: {actual[t * rows + r]} instead of {2 * sum + bias[r]}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void NormsAndSeveralMatricesShareALaunch(StorageType type)
    {
        using var gpu = new Gpu();
        // More columns than a tile of inputs has, and fewer.
        foreach (var columns in new[] { 512, 8192 + 512, 16384 + 256 })
        {
            var random = new Random(columns);
            float[] hidden = Floats(columns, random), norm = Floats(columns, random), bias = Floats(6, random);
            int[] rows = [7, 1, 6];
            var matrices = rows.Select(count => Weights(type, count, columns, random)).ToArray();
            var outputs = rows.Select(count => gpu.Send(new float[count])).ToArray();
            gpu.Operators.MultiplyNormed(
                [.. rows.Select((count, i) => new Product(gpu.SendMatrix(type, matrices[i].Bytes, count, columns), i == 2 ? gpu.Send(bias) : 0, outputs[i]))],
                gpu.Send(hidden), gpu.Send(norm), 1e-6f, 0, 1);
            var normed = Normed(hidden, norm);
            for (var i = 0; i < rows.Length; i++)
            {
                var actual = gpu.Receive(outputs[i], rows[i]);
                for (var r = 0; r < rows[i]; r++)
                {
                    var (sum, size) = Dot(matrices[i].Values.AsSpan(r * columns, columns), normed);
                    Assert.Equal(sum + (i == 2 ? bias[r] : 0), actual[r], 1e-4 * (size + 1));
                }
            }
        }
    }

    [Theory]
    [InlineData(StorageType.BF16, 300, 704, 1)]
    [InlineData(StorageType.BF16, 9, 37, 1)]
    [InlineData(StorageType.Q8_0, 37, 1056, 1)]
    [InlineData(StorageType.Q4_K, 5, 2048, 1)]
    [InlineData(StorageType.Q6_K, 37, 512, 3)]
    [InlineData(StorageType.MXFP4, 33, 96, 16)]
    public void GatesAreOneLaunch(StorageType type, int rows, int columns, int tokens)
    {
        using var gpu = new Gpu();
        var random = new Random(rows);
        var (gates, gateBytes) = Weights(type, rows, columns, random);
        var (ups, upBytes) = Weights(type, rows, columns, random);
        float[] hidden = Floats(tokens * columns, random), norm = Floats(columns, random);
        var output = gpu.Send(new float[tokens * rows]);
        gpu.Operators.Gate(
            new(gpu.SendMatrix(type, gateBytes, rows, columns), 0, output), new(gpu.SendMatrix(type, upBytes, rows, columns), 0, 0),
            gpu.Send(hidden), gpu.Send(norm), 1e-6f, gpu.Send(new float[tokens * columns]), tokens);
        var actual = gpu.Receive(output, tokens * rows);
        for (var t = 0; t < tokens; t++)
        {
            var normed = Normed(hidden[(t * columns)..((t + 1) * columns)], norm);
            for (var r = 0; r < rows; r++) AssertGated(gates.AsSpan(r * columns, columns), ups.AsSpan(r * columns, columns), normed, actual[t * rows + r]);
        }
    }

    [Theory]
    [InlineData(StorageType.Q4_K, 1)]
    [InlineData(StorageType.Q8_0, 3)]
    public void EachChoiceHasItsExpert(StorageType type, int tokens)
    {
        const int Experts = 5, Used = 2, Rows = 11, Columns = 512;
        using var gpu = new Gpu();
        var random = new Random(tokens);
        var (gates, gateBytes) = Weights(type, Experts * Rows, Columns, random);
        var (ups, upBytes) = Weights(type, Experts * Rows, Columns, random);
        float[] hidden = Floats(tokens * Columns, random), norm = Floats(Columns, random);
        int[] chosen = [.. Enumerable.Range(0, tokens * Used).Select(i => i * 3 % Experts)];
        ulong input = gpu.Send(hidden), weight = gpu.Send(norm), normed = gpu.Send(new float[tokens * Columns]), output = gpu.Send(new float[tokens * Used * Rows]);
        if (tokens > 1) gpu.Operators.Norm(input, 0, weight, normed, tokens, Columns, 1e-6f);
        CudaMatrix Expert(byte[] bytes) => gpu.SendMatrix(type, bytes, Experts * Rows, Columns) with { Rows = Rows };
        gpu.Operators.GateExperts(new(Expert(gateBytes), 0, output), new(Expert(upBytes), 0, 0), input, weight, 1e-6f, normed, gpu.Send(chosen), tokens, Used);
        var actual = gpu.Receive(output, tokens * Used * Rows);
        for (var choice = 0; choice < chosen.Length; choice++)
        {
            var x = Normed(hidden[(choice / Used * Columns)..((choice / Used + 1) * Columns)], norm);
            for (var r = 0; r < Rows; r++)
            {
                var at = (chosen[choice] * Rows + r) * Columns;
                AssertGated(gates.AsSpan(at, Columns), ups.AsSpan(at, Columns), x, actual[choice * Rows + r]);
            }
        }
    }

    [Theory]
    [InlineData(StorageType.Q4_K, 17, 1)]
    [InlineData(StorageType.BF16, 70, 3)] // the favourite expert has more choices than a tile
    public void ExpertsOfManyTokensAreThoseOfFew(StorageType type, int tokens, int used)
    {
        const int Experts = 5, Rows = 256, Columns = 512;
        using var gpu = new Gpu(Experts, tokens * used);
        var random = new Random(tokens);
        CudaMatrix Expert(int rows, int columns) => gpu.SendMatrix(type, Weights(type, Experts * rows, columns, random).Bytes, Experts * rows, columns) with { Rows = rows };
        CudaMatrix gate = Expert(Rows, Columns), up = Expert(Rows, Columns), down = Expert(33, Rows);
        var chosen = gpu.Send<int>([.. Enumerable.Range(0, tokens * used).Select(i => i % 3 == 0 ? 3 : random.Next(Experts - 1))]);
        ulong Room(int rows) => gpu.Send(new float[tokens * used * rows]);
        ulong normed = gpu.Send(Floats(tokens * Columns, random)), gates = Room(Rows), ups = Room(Rows), few = Room(33), many = Room(33);
        gpu.Operators.GateExperts(new(gate, 0, gates), new(up, 0, ups), 0, 0, 1e-6f, normed, chosen, tokens, used);
        gpu.Operators.MultiplyExperts(down, gates, chosen, few, tokens * used, 1);
        gpu.Operators.ManyExperts(new(gate, 0, gates), new(up, 0, ups), new(down, 0, many), normed, chosen, tokens, used, Experts);
        float[] expected = gpu.Receive(few, tokens * used * 33), actual = gpu.Receive(many, tokens * used * 33);
        Assert.Contains(expected, x => Math.Abs(x) > 1);
        CudaModelRunnerTests.AssertClose(expected, actual, $"{type}, {tokens} tokens");
    }

    [Theory]
    [InlineData(StorageType.Q4_K, 512, 3, 1)]
    [InlineData(StorageType.Q5_K, 8448, 2, 2)] // more columns than a tile of inputs has
    [InlineData(StorageType.Q8_0, 96, 5, 3)]
    [InlineData(StorageType.BF16, 40, 2, 1)]
    [InlineData(StorageType.MXFP4, 160, 4, 16)]
    public void TheChoicesOfATokenAreAdded(StorageType type, int columns, int used, int tokens)
    {
        const int Experts = 6, Rows = 9;
        using var gpu = new Gpu();
        var random = new Random(columns);
        var (weights, bytes) = Weights(type, Experts * Rows, columns, random);
        float[] input = Floats(tokens * used * columns, random), shares = Floats(tokens * used, random), before = Floats(tokens * Rows, random);
        int[] chosen = [.. Enumerable.Range(0, tokens * used).Select(i => i * 5 % Experts)];
        var output = gpu.Send(before);
        var matrix = gpu.SendMatrix(type, bytes, Experts * Rows, columns) with { Rows = Rows };
        Assert.True(gpu.Operators.AddExperts(matrix, gpu.Send(input), gpu.Send(chosen), gpu.Send(shares), output, tokens, used));
        var actual = gpu.Receive(output, tokens * Rows);
        for (var t = 0; t < tokens; t++)
        {
            for (var r = 0; r < Rows; r++)
            {
                var (sum, size) = ((double)before[t * Rows + r], 1.0);
                for (var c = t * used; c < (t + 1) * used; c++)
                {
                    var (product, magnitude) = Dot(weights.AsSpan((chosen[c] * Rows + r) * columns, columns), input[(c * columns)..((c + 1) * columns)]);
                    (sum, size) = (sum + shares[c] * product, size + Math.Abs(shares[c]) * magnitude);
                }
                Assert.Equal(sum, actual[t * Rows + r], 1e-4 * size);
            }
        }
    }

    [Fact]
    public void AnOutlierBeyondHalvesStaysFinite()
    {
        using var gpu = new Gpu();
        var (weights, bytes) = Weights(StorageType.Q8_0, 4, 64, new Random(1));
        var input = new float[20 * 64];
        (input[3], input[64 + 5], input[2 * 64]) = (1e6f, -1e30f, float.NaN);
        ulong output = gpu.Send(new float[20 * 4]), vectors = gpu.Send(input);
        var matrix = gpu.SendMatrix(StorageType.Q8_0, bytes, 4, 64);
        gpu.Operators.Prepare(vectors, 20, matrix);
        gpu.Operators.Multiply(matrix, vectors, 0, output, 20);
        var actual = gpu.Receive(output, 12);
        for (var r = 0; r < 4; r++)
        {
            Assert.Equal(65504f * weights[r * 64 + 3], actual[r], 100f);
            Assert.Equal(-65504f * weights[r * 64 + 5], actual[4 + r], 100f);
            Assert.True(float.IsNaN(actual[8 + r]));
        }
    }

    [Fact]
    public void WhatIsNoNumberStaysNone()
    {
        using var gpu = new Gpu();
        var (_, bytes) = Weights(StorageType.Q8_0, 4, 64, new Random(1));
        var output = gpu.Send(new float[4]);
        var input = new float[64];
        (input[3], input[5]) = (float.NaN, 1);
        gpu.Operators.Multiply(gpu.SendMatrix(StorageType.Q8_0, bytes, 4, 64), gpu.Send(input), 0, output, 1);
        Assert.All(gpu.Receive(output, 4), value => Assert.True(float.IsNaN(value)));
    }

    private static void AssertGated(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, float[] input, float actual)
    {
        var (g, gateSize) = Dot(gate, input);
        var (u, upSize) = Dot(up, input);
        Assert.Equal(g / (1 + Math.Exp(-g)) * u, actual, 1e-4 * (gateSize + 1) * (upSize + 1));
    }

    private static float[] Normed(float[] x, float[] weight)
    {
        var inverse = 1 / Math.Sqrt(x.Sum(value => (double)value * value) / x.Length + 1e-6);
        return [.. x.Select((value, i) => (float)(value * inverse * weight[i]))];
    }

    private static (double Sum, double Size) Dot(ReadOnlySpan<float> weights, float[] input)
    {
        double sum = 0, size = 0;
        for (var c = 0; c < input.Length; c++)
        {
            sum += (double)weights[c] * input[c];
            size += Math.Abs((double)weights[c] * input[c]);
        }
        return (sum, size);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void EmbeddingsAreExact(StorageType type)
    {
        using var gpu = new Gpu();
        var columns = StorageLayout.Of(type).BlockLength == 1 ? 37 : 256;
        var (weights, bytes) = Weights(type, 9, columns, new Random(1));
        var table = gpu.SendMatrix(type, bytes, 9, columns);
        int[] tokens = [8, 0, 3];
        var output = gpu.Send(new float[tokens.Length * columns]);
        gpu.Operators.Embed(table, gpu.Send(tokens), output, tokens.Length);
        var expected = tokens.SelectMany(token => weights[(token * columns)..((token + 1) * columns)]).ToArray();
        var actual = gpu.Receive(output, expected.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-6f * Math.Abs(expected[i]) + 1e-30f);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 37)]
    [InlineData(5, 1024)]
    public void Norms(int rows, int columns)
    {
        using var gpu = new Gpu();
        var random = new Random(rows);
        float[] input = Floats(rows * columns, random), weight = Floats(columns, random);
        var output = gpu.Send(new float[rows * columns]);
        gpu.Operators.Norm(gpu.Send(input), 0, gpu.Send(weight), output, rows, columns, 1e-6f);
        var actual = gpu.Receive(output, rows * columns);
        for (var r = 0; r < rows; r++)
        {
            var row = input.AsSpan(r * columns, columns);
            var sum = 0.0;
            foreach (var x in row) sum += (double)x * x;
            for (var c = 0; c < columns; c++) Assert.Equal(row[c] / Math.Sqrt(sum / columns + 1e-6) * weight[c], actual[r * columns + c], 1e-5 + Math.Abs(actual[r * columns + c]) * 1e-5);
        }
    }

    [Theory]
    [InlineData(4, 2)]
    [InlineData(60, 8)]
    [InlineData(128, 1)]
    public void RoutesToTheLikeliestExperts(int experts, int used)
    {
        using var gpu = new Gpu();
        var scores = Floats(3 * experts, new Random(experts));
        scores[1] = scores[2]; // a tie goes to the lower index
        ulong chosen = gpu.Send(new int[3 * used]), weights = gpu.Send(new float[3 * used]);
        gpu.Operators.Kernels.Launch(gpu.Operators.Kernels["route"], (3, 1, 1), 32, new RouteParams
        {
            Scores = gpu.Send(scores),
            Chosen = chosen,
            Weights = weights,
            Experts = experts,
            Used = used,
            Normalize = 1,
        });
        var actual = gpu.ReceiveInts(chosen, 3 * used);
        var shares = gpu.Receive(weights, 3 * used);
        for (var t = 0; t < 3; t++)
        {
            var row = scores[(t * experts)..((t + 1) * experts)];
            var expected = Enumerable.Range(0, experts).OrderByDescending(e => row[e]).ThenBy(e => e).Take(used).ToArray();
            Assert.Equal(expected, actual[(t * used)..((t + 1) * used)]);
            var total = expected.Sum(e => Math.Exp(row[e]));
            for (var k = 0; k < used; k++) Assert.Equal(Math.Exp(row[expected[k]]) / total, shares[t * used + k], 1e-5);
        }
    }

    [Fact]
    public void TheEmulationSeesBarriersThatPart()
    {
        using var gpu = new Gpu();
        Assert.SkipUnless(EmulatedGpu.IsEmulated, "a real GPU need not notice");
        var error = Assert.Throws<CudaException>(() =>
        {
            gpu.Operators.Kernels.Launch(gpu.Operators.Kernels["emulation_diverges"], (1, 1, 1), 64, new NormParams { Output = gpu.Send(new float[64]) });
            gpu.Finish();
        });
        Assert.Contains("none can go on", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheEmulationSeesForeignMemoryAndStaysBroken()
    {
        using var gpu = new Gpu();
        Assert.SkipUnless(EmulatedGpu.IsEmulated, "a real GPU need not notice");
        var output = gpu.Send(new float[64]);
        var error = Assert.Throws<CudaException>(() =>
        {
            gpu.Operators.Kernels.Launch(gpu.Operators.Kernels["emulation_writes_beyond"], (1, 1, 1), 32, new NormParams { Output = output, Columns = 64 });
            gpu.Finish();
        });
        Assert.Equal(700, error.Code);
        Assert.Contains("emulation_writes_beyond", error.Message, StringComparison.Ordinal);
        Assert.Throws<CudaException>(() => gpu.Receive(output, 64));
    }

    [Fact]
    public void TheEmulationSeesAKernelThatDoesNotWaitForTheOneBefore()
    {
        using var hopper = EmulatedGpu.Configure("capability=90");
        using var gpu = new Gpu();
        ulong input = gpu.Send(Floats(256, new Random(1))), normed = gpu.Send(new float[256]), output = gpu.Send(new float[256]);
        var graph = gpu.Record(() =>
        {
            gpu.Operators.Norm(input, 0, input, normed, 1, 256, 1e-6f);
            gpu.Operators.Kernels.LaunchEarly(gpu.Operators.Kernels["emulation_begins_early"], (1, 1, 1), 256, new NormParams { Input = normed, Output = output });
        });
        var error = Assert.Throws<CudaException>(() => gpu.Run(graph));
        Assert.Contains("emulation_begins_early", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheEmulationCopiesNoSoonerThanItIsWaitedFor()
    {
        using var gpu = new Gpu();
        Assert.SkipUnless(EmulatedGpu.IsEmulated, "a real GPU may be sooner");
        var input = Floats(128, new Random(1));
        var output = gpu.Send(new float[64]);
        gpu.Operators.Kernels.Launch(gpu.Operators.Kernels["emulation_reads_early"], (1, 1, 1), 32, new NormParams { Input = gpu.Send(input), Output = output });
        var actual = gpu.Receive(output, 64);
        Assert.All(actual[..32], x => Assert.True(float.IsNaN(x)));
        Assert.Equal(input.Where((_, i) => i % 4 == 0), actual[32..]);
    }

    [Theory]
    [InlineData(1, 68, 2)]
    [InlineData(32, 64, 132)]
    [InlineData(64, 224, 132)]
    [InlineData(448, 64, 132)]
    [InlineData(5000, 3, 108)]
    public void SplitsAreAsManyAsTheirSumsHaveRoomFor(int tiles, int steps, int multiprocessors)
    {
        var splits = TensorCores.Splits(tiles, steps, multiprocessors);
        Assert.InRange(splits, 1, steps);
        Assert.True(splits == 1 || tiles * splits <= 4 * multiprocessors);
        // Few tiles are split until most multiprocessors work.
        Assert.True(tiles * splits > multiprocessors * 0.9 || splits == steps);
    }

    private static float[] Floats(int count, Random random)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = random.NextSingle() * 2 - 1;
        return values;
    }

    /// <summary>Random blocks of a type, and the values that they stand for.</summary>
    private static (float[] Values, byte[] Bytes) Weights(StorageType type, int rows, int columns, Random random)
    {
        var layout = StorageLayout.Of(type);
        var bytes = new byte[rows * layout.Bytes(columns)];
        if (type == StorageType.MXFP4)
        {
            random.NextBytes(bytes);
            for (var i = 0; i < bytes.Length; i += layout.BlockBytes) bytes[i] = (byte)(120 + bytes[i] % 10);
        }
        else
        {
            Quantizer.FromFloat(type, Floats(rows * columns, random), bytes);
        }
        var values = new float[rows * columns];
        Dequantizer.ToFloat(type, bytes, values);
        return (values, bytes);
    }

    /// <summary>A device with the kernels, and memory for a test.</summary>
    internal sealed class Gpu : IDisposable
    {
        private const int MostInputs = 1 << 20;
        private readonly CudaDevice _device = new(EmulatedGpu.Driver(), 0);
        private readonly KernelModule _kernels;

        public Gpu(int experts = 0, int choices = 0)
        {
            _kernels = new(_device);
            Operators = new(_kernels, new(_kernels, _device, MostInputs, experts, choices));
        }

        public CudaDevice Device => _device;

        public Operators Operators { get; }

        public ulong Send<T>(T[] values) where T : unmanaged
        {
            var address = _device.Allocate((long)values.Length * sizeof(T));
            fixed (T* source = values) _device.Driver.CopyToDevice(address, source, (long)values.Length * sizeof(T), _device.Stream);
            _device.Synchronize();
            return address;
        }

        /// <summary>Rows as a file has them, sent as the kernels read them.</summary>
        public CudaMatrix SendMatrix(StorageType type, byte[] bytes, int rows, int columns)
        {
            var stored = (int)StorageLayout.Of(type).Bytes(columns);
            var rowBytes = (int)PackedRows.RowBytes(type, columns);
            var packed = new byte[rows * rowBytes];
            for (var row = 0; row < rows; row++) PackedRows.Pack(type, bytes.AsSpan(row * stored, stored), columns, packed.AsSpan(row * rowBytes, rowBytes));
            return new(StorageLayout.Of(type).Name.ToLowerInvariant(), Send(packed), rows, columns, rowBytes);
        }

        public nint Record(Action queue)
        {
            _device.Driver.BeginCapture(_device.Stream);
            queue();
            return _device.Driver.EndCapture(_device.Stream);
        }

        public void Run(nint graph)
        {
            _device.Driver.LaunchGraph(graph, _device.Stream);
            _device.Synchronize();
        }

        public float[] Receive(ulong address, int count) => Receive<float>(address, count);

        public int[] ReceiveInts(ulong address, int count) => Receive<int>(address, count);

        public void Finish() => _device.Synchronize();

        public void Dispose()
        {
            _kernels.Dispose();
            _device.Dispose();
        }

        private T[] Receive<T>(ulong address, int count) where T : unmanaged
        {
            var values = new T[count];
            fixed (T* target = values) _device.Driver.CopyToHost(target, address, (long)count * sizeof(T), _device.Stream);
            _device.Synchronize();
            return values;
        }
    }
}
