namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>A matrix of a product, and where the result goes.</summary>
/// <param name="Matrix">The matrix.</param>
/// <param name="Bias">What is added to each result, or 0.</param>
/// <param name="Output">[vector][row] results.</param>
internal readonly record struct Product(CudaMatrix Matrix, ulong Bias, ulong Output);
