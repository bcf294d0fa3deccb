namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>A weight matrix on the device, or one matrix for each expert, in a type that the kernels read.</summary>
/// <param name="Type">The type as kernels are named by it, for instance <c>q4_k</c>.</param>
/// <param name="Weights">Address of the first row.</param>
/// <param name="Rows">Outputs.</param>
/// <param name="Columns">Inputs.</param>
/// <param name="RowBytes">Bytes of a row, which lies as <see cref="PackedRows"/> says.</param>
internal sealed record CudaMatrix(string Type, ulong Weights, int Rows, int Columns, long RowBytes)
{
    public ulong ExpertBytes => checked((ulong)(Rows * RowBytes));
}
