using AgentRuntime.Engine.Backends.Cuda.Kernels;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>
/// Products with 1 to 16 vectors, bound by reading the weights (native/kernels/src/gemv.h). A launch has as many blocks as
/// the device holds at once, or fewer, so that all warps have equally much to do; where rows are few, several warps share them.
/// </summary>
internal sealed class VectorProducts(KernelModule kernels)
{
    /// <summary>Most vectors of a launch.</summary>
    public const int MostVectors = 16;

    private const int Warps = 8;
    private const int RowsPerWarp = 2;
    private const int MostParts = 3;

    // What a warp takes of a row at a time: twice 32 times 16 bytes.
    private const int ChunkBytes = 1024;

    /// <summary>Matrices times the same vectors, those of one type together. The norm, if any, comes first; for one vector only.</summary>
    public void Multiply(ReadOnlySpan<Product> products, ulong input, int vectors, ulong norm = 0, float epsilon = 0, bool accumulate = false)
    {
        while (!products.IsEmpty)
        {
            var matrix = products[0].Matrix;
            var count = 1;
            while (count < Math.Min(products.Length, MostParts) && products[count].Matrix.Type == matrix.Type) count++;
            var parameters = Parameters(matrix, input, vectors, norm, epsilon);
            parameters.First = Part(products[0]);
            if (count > 1) parameters.Second = Part(products[1]);
            if (count > 2) parameters.Third = Part(products[2]);
            parameters.Accumulate = accumulate ? 1 : 0;
            var pairs = 0;
            foreach (var product in products[..count]) pairs += Operators.Ceiling(product.Matrix.Rows, RowsPerWarp);
            Launch(matrix, parameters, pairs, 1);
            products = products[count..];
        }
    }

    /// <summary>output = silu(gate · input) · (up · input); the matrices are of one type.</summary>
    public void Gate(CudaMatrix gate, CudaMatrix up, ulong input, ulong output, int vectors, ulong norm, float epsilon)
    {
        var parameters = Parameters(gate, input, vectors, norm, epsilon);
        (parameters.First, parameters.Second, parameters.Gated) = (Part(new(gate, 0, output)), Part(new(up, 0, 0)), 1);
        Launch(gate, parameters, gate.Rows, 1);
    }

    /// <summary>output[c] = the matrix of choice c's expert · its input.</summary>
    public void MultiplyExperts(CudaMatrix matrix, ulong input, ulong chosen, ulong output, int choices, int choicesPerInput)
    {
        var parameters = Parameters(matrix, input, 1, 0, 0);
        parameters.First = Part(new(matrix, 0, output));
        (parameters.Experts, parameters.ExpertBytes, parameters.ChoicesPerInput) = (chosen, matrix.ExpertBytes, choicesPerInput);
        Launch(matrix, parameters, Operators.Ceiling(matrix.Rows, RowsPerWarp), choices);
    }

    /// <summary>output[c] = silu(gate · input) · (up · input) of choice c's expert; the matrices are of one type.</summary>
    public void GateExperts(CudaMatrix gate, CudaMatrix up, ulong input, ulong chosen, ulong output, int choices, int choicesPerInput, ulong norm, float epsilon)
    {
        var parameters = Parameters(gate, input, 1, norm, epsilon);
        (parameters.First, parameters.Second, parameters.Gated) = (Part(new(gate, 0, output)), Part(new(up, 0, 0)), 1);
        (parameters.Experts, parameters.ExpertBytes, parameters.ChoicesPerInput) = (chosen, gate.ExpertBytes, choicesPerInput);
        Launch(gate, parameters, gate.Rows, choices);
    }

    /// <summary>
    /// output[t] += the sum over a token's choices of share · the matrix of the choice's expert · its input. The columns are
    /// a multiple of eight.
    /// </summary>
    public void AddExperts(CudaMatrix matrix, ulong input, ulong chosen, ulong shares, ulong output, int tokens, int used)
    {
        var parameters = Parameters(matrix, input, 1, 0, 0);
        parameters.First = Part(new(matrix, 0, output));
        (parameters.Experts, parameters.ExpertBytes, parameters.Shares, parameters.Together, parameters.Accumulate) = (chosen, matrix.ExpertBytes, shares, used, 1);
        Launch(matrix, parameters, Operators.Ceiling(matrix.Rows, RowsPerWarp), tokens);
    }

    private static GemvPart Part(Product product) =>
        new() { Weights = product.Matrix.Weights, Bias = product.Bias, Output = product.Output, Rows = product.Matrix.Rows };

    private static GemvParams Parameters(CudaMatrix matrix, ulong input, int vectors, ulong norm, float epsilon) => new()
    {
        Input = input,
        Norm = norm,
        Epsilon = epsilon,
        RowBytes = (ulong)matrix.RowBytes,
        Columns = matrix.Columns,
        Tokens = vectors,
        ChoicesPerInput = 1,
        Together = 1,
    };

    private void Launch(CudaMatrix matrix, GemvParams parameters, int pairs, int choices)
    {
        var kernel = kernels["gemv_" + matrix.Type + (parameters.Tokens == 1 ? "_1" : parameters.Tokens <= 4 ? "_4" : "_16")];
        var most = Math.Max(1, kernels.ResidentBlocks(kernel, Warps * 32) / choices);
        parameters.Split = 1;
        while (parameters.Tokens == 1 && parameters.Split < Warps && 2L * parameters.Split * pairs <= (long)most * Warps && 2 * parameters.Split * ChunkBytes <= matrix.RowBytes * parameters.Together)
            parameters.Split *= 2;
        var blocks = Operators.Ceiling(pairs, Warps / parameters.Split);
        parameters.Rounds = Operators.Ceiling(blocks, most);
        kernels.LaunchEarly(kernel, (Operators.Ceiling(blocks, parameters.Rounds), choices, 1), Warps * 32, parameters);
    }
}
