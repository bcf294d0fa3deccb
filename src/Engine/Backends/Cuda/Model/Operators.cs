using AgentRuntime.Engine.Backends.Cuda.Kernels;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>Queues single operators on the device's stream, each with the kernel that suits its size.</summary>
internal sealed class Operators(KernelModule kernels, TensorCores tensorCores)
{
    /// <summary>Most vectors that one reading of a matrix serves outside the tensor cores.</summary>
    public const int MostVectors = VectorProducts.MostVectors;

    private readonly VectorProducts _vectors = new(kernels);

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
        kernels.LaunchEarly(kernels["rms_norm"], (count, 1, 1), 256, new NormParams
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
        for (var first = 0; first < tokens; first += MostVectors)
        {
            var (from, to) = (input + (ulong)first * (ulong)matrix.Columns * sizeof(float), output + (ulong)first * (ulong)matrix.Rows * sizeof(float));
            _vectors.Multiply([new(matrix, bias, to)], from, Math.Min(MostVectors, tokens - first), accumulate: accumulate);
        }
    }

    /// <summary>Matrices times the same vectors, which a norm comes before.</summary>
    /// <param name="products">The matrices, and where their results go.</param>
    /// <param name="hidden">The vectors.</param>
    /// <param name="norm">The norm's weight.</param>
    /// <param name="epsilon">The norm's epsilon.</param>
    /// <param name="normed">Receives the normed vectors where there are several; one is normed on its way into the products.</param>
    /// <param name="tokens">How many vectors.</param>
    public void MultiplyNormed(ReadOnlySpan<Product> products, ulong hidden, ulong norm, float epsilon, ulong normed, int tokens)
    {
        if (tokens == 1)
        {
            _vectors.Multiply(products, hidden, 1, norm, epsilon);
            return;
        }
        Norm(hidden, 0, norm, normed, tokens, products[0].Matrix.Columns, epsilon);
        if (tokens <= MostVectors)
        {
            _vectors.Multiply(products, normed, tokens);
            return;
        }
        var readers = new CudaMatrix[products.Length];
        for (var i = 0; i < readers.Length; i++) readers[i] = products[i].Matrix;
        Prepare(normed, tokens, readers);
        foreach (var product in products) Multiply(product.Matrix, normed, product.Bias, product.Output, tokens);
    }

    /// <summary>gate output = silu(gate · x) · (up · x) of the normed vectors.</summary>
    public void Gate(Product gate, Product up, ulong hidden, ulong norm, float epsilon, ulong normed, int tokens)
    {
        if (tokens > MostVectors || gate.Matrix.Type != up.Matrix.Type)
        {
            MultiplyNormed([gate, up], hidden, norm, epsilon, normed, tokens);
            SwiGlu(gate.Output, up.Output, (long)tokens * gate.Matrix.Rows);
            return;
        }
        if (tokens > 1) Norm(hidden, 0, norm, normed, tokens, gate.Matrix.Columns, epsilon);
        _vectors.Gate(gate.Matrix, up.Matrix, tokens > 1 ? normed : hidden, gate.Output, tokens, tokens > 1 ? 0 : norm, epsilon);
    }

    /// <summary>output[c] = the matrix of choice c's expert · its input.</summary>
    public void MultiplyExperts(CudaMatrix matrix, ulong input, ulong chosen, ulong output, int choices, int choicesPerInput) =>
        _vectors.MultiplyExperts(matrix, input, chosen, output, choices, choicesPerInput);

    /// <summary>output[t] += the sum over a token's choices of share · the matrix of the choice's expert · its input.</summary>
    /// <returns>Whether there is a kernel for the matrix; if not, nothing was done.</returns>
    public bool AddExperts(CudaMatrix matrix, ulong input, ulong chosen, ulong shares, ulong output, int tokens, int used)
    {
        if (tokens > MostVectors || matrix.Columns % 8 != 0) return false;
        _vectors.AddExperts(matrix, input, chosen, shares, output, tokens, used);
        return true;
    }

    /// <summary>gate output[c] = silu(gate · x) · (up · x) of the expert of choice c, of which each of the normed vectors has <paramref name="used"/>.</summary>
    /// <param name="gate">The gate matrices.</param>
    /// <param name="up">The up matrices.</param>
    /// <param name="hidden">The vectors, before the norm.</param>
    /// <param name="norm">The norm's weight.</param>
    /// <param name="epsilon">The norm's epsilon.</param>
    /// <param name="normed">The normed vectors where there are several.</param>
    /// <param name="chosen">[vector][used] experts.</param>
    /// <param name="tokens">How many vectors.</param>
    /// <param name="used">Experts of each.</param>
    public void GateExperts(Product gate, Product up, ulong hidden, ulong norm, float epsilon, ulong normed, ulong chosen, int tokens, int used)
    {
        if (gate.Matrix.Type == up.Matrix.Type)
        {
            var (input, weight) = tokens == 1 ? (hidden, norm) : (normed, 0ul);
            _vectors.GateExperts(gate.Matrix, up.Matrix, input, chosen, gate.Output, tokens * used, used, weight, epsilon);
            return;
        }
        if (tokens == 1) Norm(hidden, 0, norm, normed, 1, gate.Matrix.Columns, epsilon);
        MultiplyExperts(gate.Matrix, normed, chosen, gate.Output, tokens * used, used);
        MultiplyExperts(up.Matrix, normed, chosen, up.Output, tokens * used, used);
        SwiGlu(gate.Output, up.Output, (long)tokens * used * gate.Matrix.Rows);
    }

    /// <summary>Whether <see cref="ManyExperts"/> serves a layer.</summary>
    public static bool AreMany(CudaLayer layer, int tokens, int experts) => tokens > MostVectors && experts <= TensorCores.MostExperts
        && TensorCores.Take(layer.Gate) && TensorCores.Take(layer.Up) && TensorCores.Take(layer.Down);

    /// <summary>down output[c] = down · (silu(gate · x) · (up · x)) of the expert of choice c, each expert's choices at once.</summary>
    /// <param name="gate">The gate matrices.</param>
    /// <param name="up">The up matrices.</param>
    /// <param name="down">The down matrices.</param>
    /// <param name="normed">The vectors.</param>
    /// <param name="chosen">[vector][used] experts.</param>
    /// <param name="tokens">How many vectors.</param>
    /// <param name="used">Experts of each.</param>
    /// <param name="experts">How many there are.</param>
    public void ManyExperts(Product gate, Product up, Product down, ulong normed, ulong chosen, int tokens, int used, int experts)
    {
        var choices = tokens * used;
        tensorCores.Gather(chosen, choices, experts);
        tensorCores.Prepare(normed, tokens, gate.Matrix.Columns, gate.Matrix, up.Matrix);
        tensorCores.MultiplyExperts(gate.Matrix, normed, gate.Output, tokens, used);
        tensorCores.MultiplyExperts(up.Matrix, normed, up.Output, tokens, used);
        SwiGlu(gate.Output, up.Output, (long)choices * gate.Matrix.Rows);
        tensorCores.Prepare(gate.Output, choices, down.Matrix.Columns, down.Matrix);
        tensorCores.MultiplyExperts(down.Matrix, gate.Output, down.Output, choices, 1);
    }

    public void SwiGlu(ulong gate, ulong up, long count) =>
        kernels.Launch(kernels["swiglu"], ((int)Math.Min(4096, (count + 255) / 256), 1, 1), 256, new SwiGluParams { Gate = gate, Up = up, Count = (ulong)count });

    public static int Ceiling(int value, int unit) => (value + unit - 1) / unit;
}
