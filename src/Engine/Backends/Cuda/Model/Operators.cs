using AgentRuntime.Engine.Backends.Cuda.Kernels;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>Queues single operators on the device's stream, each with the kernel that suits its size.</summary>
internal sealed class Operators(KernelModule kernels, TensorCores tensorCores)
{
    /// <summary>Most vectors that one reading of a matrix serves outside the tensor cores.</summary>
    public const int MostVectors = 16;

    private const int RowsPerGemvBlock = 16;

    public KernelModule Kernels => kernels;

    public void Embed(CudaMatrix table, ulong tokens, ulong output, int count) =>
        kernels.Launch(kernels["embed_" + table.Type], (count, 1, 1), 128, new EmbedParams
        {
            Table = table.Weights,
            Tokens = tokens,
            Output = output,
            RowBytes = (ulong)table.RowBytes,
            Columns = table.Columns,
        });

    /// <param name="input">Rows to norm.</param>
    /// <param name="rows">Which of them, or 0 for the first <paramref name="count"/>.</param>
    /// <param name="weight">The norm's weight.</param>
    /// <param name="output">Receives the rows.</param>
    /// <param name="count">How many.</param>
    /// <param name="columns">Their length.</param>
    /// <param name="epsilon">The norm's epsilon.</param>
    public void Norm(ulong input, ulong rows, ulong weight, ulong output, int count, int columns, float epsilon) =>
        kernels.Launch(kernels["rms_norm"], (count, 1, 1), 256, new NormParams
        {
            Input = input,
            Weight = weight,
            Rows = rows,
            Output = output,
            Columns = columns,
            Epsilon = epsilon,
        });

    /// <summary>Makes rows the input of the <see cref="Multiply"/> with these matrices that follow; needed again whenever the rows change.</summary>
    public void Prepare(ulong input, int tokens, params ReadOnlySpan<CudaMatrix> readers)
    {
        if (tokens > MostVectors) tensorCores.Prepare(input, tokens, readers[0].Columns, readers);
    }

    /// <summary>output[t] = matrix · input[t] + bias for each of <paramref name="tokens"/> vectors; or adds to the output.</summary>
    public void Multiply(CudaMatrix matrix, ulong input, ulong bias, ulong output, int tokens, bool accumulate = false)
    {
        if (tokens > MostVectors && TensorCores.Take(matrix))
        {
            tensorCores.Multiply(matrix, input, bias, output, tokens, accumulate);
            return;
        }
        var parameters = new MatrixParams
        {
            Weights = matrix.Weights,
            Input = input,
            Bias = bias,
            Output = output,
            RowBytes = (ulong)matrix.RowBytes,
            Rows = matrix.Rows,
            Columns = matrix.Columns,
            Tokens = tokens,
            Accumulate = accumulate ? 1 : 0,
        };
        for (var first = 0; first < tokens; first += MostVectors)
        {
            parameters.Tokens = Math.Min(MostVectors, tokens - first);
            parameters.Input = input + (ulong)first * (ulong)matrix.Columns * sizeof(float);
            parameters.Output = output + (ulong)first * (ulong)matrix.Rows * sizeof(float);
            var batch = parameters.Tokens == 1 ? "_1" : parameters.Tokens <= 4 ? "_4" : "_16";
            kernels.Launch(kernels["gemv_" + matrix.Type + batch], (Ceiling(matrix.Rows, RowsPerGemvBlock), 1, 1), 256, parameters);
        }
    }

    /// <summary>output[c] = the matrix of choice c's expert · its input.</summary>
    public void MultiplyExperts(CudaMatrix matrix, ulong input, ulong chosen, ulong output, int choices, int choicesPerInput) =>
        kernels.Launch(kernels["expert_gemv_" + matrix.Type], (Ceiling(matrix.Rows, 8), choices, 1), 256, new ExpertParams
        {
            Weights = matrix.Weights,
            Input = input,
            Experts = chosen,
            Output = output,
            RowBytes = (ulong)matrix.RowBytes,
            ExpertBytes = matrix.ExpertBytes,
            Rows = matrix.Rows,
            Columns = matrix.Columns,
            ChoicesPerInput = choicesPerInput,
        });

    /// <summary>The likeliest token of each row of logits.</summary>
    public void ArgMax(ulong logits, ulong likeliest, int rows, int columns) =>
        kernels.Launch(kernels["argmax"], (rows, 1, 1), 1024, new ArgMaxParams { Logits = logits, Likeliest = likeliest, Columns = columns });

    public void SwiGlu(ulong gate, ulong up, long count) =>
        kernels.Launch(kernels["swiglu"], ((int)Math.Min(4096, (count + 255) / 256), 1, 1), 256, new SwiGluParams { Gate = gate, Up = up, Count = (ulong)count });

    public static int Ceiling(int value, int unit) => (value + unit - 1) / unit;
}
