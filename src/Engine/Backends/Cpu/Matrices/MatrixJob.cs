using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices;

/// <summary>One product: <c>y[t] (+)= W · x[rows[t]]</c> for each token t.</summary>
/// <param name="x">Input rows.</param>
/// <param name="rows">Which input row belongs to each token.</param>
/// <param name="tokens">Number of tokens.</param>
/// <param name="y">Output rows, token after token.</param>
/// <param name="yStride">Floats from one output row to the next.</param>
/// <param name="accumulate">Add to what the output holds (a residual) instead of replacing it.</param>
internal readonly unsafe struct MatrixJob(Activations x, int* rows, int tokens, float* y, nint yStride, bool accumulate = false)
{
    public Activations X { get; } = x;
    public int* Rows { get; } = rows;
    public int Tokens { get; } = tokens;
    public float* Y { get; } = y;
    public nint YStride { get; } = yStride;
    public bool Accumulate { get; } = accumulate;
}
