using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>
/// Products with many vectors, on the tensor cores. Their inputs become halves (brain floats for BF16 weights) once for
/// all matrices that read them; a product with few tiles is split along the columns, so that every multiprocessor works.
/// </summary>
internal sealed class TensorCores
{
    /// <summary>Most experts whose choices can be gathered.</summary>
    public const int MostExperts = 1024;

    private const int TileRows = 128;
    private const int ManyTokens = 128;
    private const int FewTokens = 32;
    private const int Depth = 64;
    private const int Stages = 3;

    private readonly KernelModule _kernels;
    private readonly int _multiprocessors;
    private readonly long _inputValues;
    private readonly ulong _halves;
    private readonly ulong _brains;
    private readonly ulong _partial;
    private readonly ulong _arrived;
    private readonly ulong _order;
    private readonly ulong _expertTiles;
    private int _gathered;
    private (ulong Input, int Rows, int Columns) _prepared;

    /// <param name="kernels">The kernels.</param>
    /// <param name="device">The device.</param>
    /// <param name="inputValues">Most values that a product reads: rows times columns, each row a multiple of 64.</param>
    /// <param name="experts">Experts of a layer, or 0.</param>
    /// <param name="choices">Most choices of an expert in a pass.</param>
    public TensorCores(KernelModule kernels, CudaDevice device, long inputValues, int experts = 0, int choices = 0)
    {
        (_kernels, _inputValues) = (kernels, inputValues);
        _multiprocessors = device.Info.Multiprocessors;
        _halves = device.Allocate(checked(inputValues * sizeof(ushort)));
        _brains = device.Allocate(checked(inputValues * sizeof(ushort)));
        _partial = device.AllocateFloats(PartialTiles(_multiprocessors) * (long)TileRows * ManyTokens);
        _arrived = device.AllocateZeroed(PartialTiles(_multiprocessors) * sizeof(int));
        if (experts == 0) return;
        _order = device.Allocate(checked(choices * (long)sizeof(int)));
        _expertTiles = device.Allocate(checked(3 * sizeof(int) * (long)ExpertTiles(choices, experts)));
    }

    /// <summary>Values of the largest input that a model's products read.</summary>
    public static long InputValues(ModelConfig config, int tokens)
    {
        var width = Math.Max(config.EmbeddingLength, config.Heads * config.ValueHeadLength);
        var inner = config.Experts == 0 ? Stride(config.FeedForwardLength) : (long)config.ExpertsUsed * Stride(config.ExpertFeedForwardLength);
        return checked(tokens * Math.Max(Stride(width), inner));
    }

    /// <summary>Whether products with a matrix run here: F32 would be rounded, and is rare (a router) or wanted exact.</summary>
    public static bool Take(CudaMatrix matrix) => matrix.Type != "f32";

    /// <summary>Makes rows of floats the input of the products that follow, in the formats that their matrices need.</summary>
    public void Prepare(ulong input, int rows, int columns, params ReadOnlySpan<CudaMatrix> readers)
    {
        bool halves = false, brains = false;
        foreach (var matrix in readers)
        {
            halves |= Take(matrix) && matrix.Type != "bf16";
            brains |= Take(matrix) && matrix.Type == "bf16";
        }
        _prepared = (input, rows, columns);
        if (!halves && !brains) return;
        if (rows * (long)Stride(columns) > _inputValues) throw new InvalidOperationException($"{rows} rows of {columns} do not fit the inputs of the tensor cores.");
        _kernels.Launch(_kernels["pack_rows"], (rows, 1, 1), 256, new InputParams
        {
            Input = input,
            Halves = halves ? _halves : 0,
            Brains = brains ? _brains : 0,
            Columns = columns,
            Stride = Stride(columns),
        });
    }

    /// <summary>output[t] = matrix · input[t] + bias for each of <paramref name="tokens"/> prepared vectors; or adds to the output.</summary>
    public void Multiply(CudaMatrix matrix, ulong input, ulong bias, ulong output, int tokens, bool accumulate)
    {
        var (tile, tiles) = (tokens <= 2 * FewTokens ? FewTokens : ManyTokens, 0);
        tiles = Operators.Ceiling(tokens, tile) * Operators.Ceiling(matrix.Rows, TileRows);
        var parameters = Parameters(matrix, input, tokens, output);
        parameters.Tokens = tokens;
        parameters.Bias = bias;
        parameters.Splits = Splits(tiles, Operators.Ceiling(matrix.Columns, Depth), _multiprocessors);
        parameters.Accumulate = accumulate ? 1 : 0;
        parameters.ChoicesPerInput = 1;
        Launch(matrix, tile, (tiles, 1, parameters.Splits), parameters);
    }

    /// <summary>Sorts choices by expert, for the products with experts that follow.</summary>
    /// <param name="chosen">[choice] experts.</param>
    /// <param name="choices">How many choices.</param>
    /// <param name="experts">How many experts, at most <see cref="MostExperts"/>.</param>
    public void Gather(ulong chosen, int choices, int experts)
    {
        _gathered = ExpertTiles(choices, experts);
        _kernels.Launch(_kernels["gather_choices"], (1, 1, 1), 1024, new GatherParams
        {
            Chosen = chosen,
            Order = _order,
            Tiles = _expertTiles,
            Choices = choices,
            Experts = experts,
            Capacity = _gathered,
        });
    }

    /// <summary>output[c] = the matrix of choice c's expert · its prepared vector, for the choices that were gathered.</summary>
    /// <param name="matrix">The experts' matrices.</param>
    /// <param name="input">The vectors.</param>
    /// <param name="output">[choice][rows]</param>
    /// <param name="vectors">How many vectors.</param>
    /// <param name="choicesPerInput">Choices of each.</param>
    public void MultiplyExperts(CudaMatrix matrix, ulong input, ulong output, int vectors, int choicesPerInput)
    {
        var parameters = Parameters(matrix, input, vectors, output);
        (parameters.Tiles, parameters.Order) = (_expertTiles, _order);
        (parameters.Tokens, parameters.Splits, parameters.ChoicesPerInput) = (FewTokens, 1, choicesPerInput);
        Launch(matrix, FewTokens, (Operators.Ceiling(matrix.Rows, TileRows), _gathered, 1), parameters);
    }

    /// <summary>
    /// Parts of the columns for which a product is predicted to end first: what the busiest multiprocessor has to do, in
    /// steps of 64 columns of a tile. A tile's sums through memory cost about four steps, its beginning two; a block alone
    /// on a multiprocessor does not keep it busy.
    /// </summary>
    public static int Splits(int tiles, int steps, int multiprocessors)
    {
        var (best, least) = (1, double.MaxValue);
        for (var splits = 1; splits <= Math.Min(16, steps) && (splits == 1 || tiles * splits <= PartialTiles(multiprocessors)); splits++)
        {
            var rounds = Operators.Ceiling(tiles * splits, multiprocessors);
            var cost = rounds * (Operators.Ceiling(steps, splits) + (splits == 1 ? 2.0 : 6.0)) * (rounds == 1 ? 1.25 : 1);
            if (cost < least) (best, least) = (splits, cost);
        }
        return best;
    }

    // Each expert may have a tile that is not full.
    private static int ExpertTiles(int choices, int experts) => Operators.Ceiling(choices, FewTokens) + experts;

    private static int PartialTiles(int multiprocessors) => 4 * multiprocessors;

    private static int Stride(int columns) => Operators.Ceiling(columns, Depth) * Depth;

    private GemmParams Parameters(CudaMatrix matrix, ulong input, int rows, ulong output)
    {
        if (_prepared != (input, rows, matrix.Columns)) throw new InvalidOperationException("The input of a product on the tensor cores was not prepared.");
        return new()
        {
            Weights = matrix.Weights,
            Input = matrix.Type == "bf16" ? _brains : _halves,
            Output = output,
            Partial = _partial,
            Arrived = _arrived,
            RowBytes = (ulong)matrix.RowBytes,
            ExpertBytes = matrix.ExpertBytes,
            Rows = matrix.Rows,
            Columns = matrix.Columns,
            Stride = Stride(matrix.Columns),
        };
    }

    private void Launch(CudaMatrix matrix, int tile, (int X, int Y, int Z) grid, GemmParams parameters)
    {
        var shared = Stages * (tile + TileRows) * Depth * sizeof(ushort);
        _kernels.Launch(_kernels.WithSharedMemory($"gemm_{matrix.Type}_{tile}", shared), grid, 128, parameters, shared);
    }
}
