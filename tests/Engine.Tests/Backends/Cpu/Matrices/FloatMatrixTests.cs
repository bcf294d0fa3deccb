using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Matrices;

/// <summary>Float products at every vector width that this processor has, over odd sizes.</summary>
public sealed unsafe class FloatMatrixTests
{
    [Theory]
    [InlineData(StorageType.F32, 1)]
    [InlineData(StorageType.F16, 1)]
    [InlineData(StorageType.BF16, 1)]
    [InlineData(StorageType.IQ4_NL, 32)]
    [InlineData(StorageType.MXFP4, 32)]
    [InlineData(StorageType.Q2_K, 256)]
    [InlineData(StorageType.Q3_K, 256)]
    [InlineData(StorageType.IQ4_XS, 256)]
    public void ProductsAreThePlainSums(StorageType type, int unit)
    {
        int[] widths = unit == 1 ? [1, 15, 16, 17, 64, 100] : [unit, 3 * unit];
        foreach (var kernels in FloatKernels.Supported)
        {
            foreach (var columns in widths)
            {
                foreach (var (rows, tokens) in new[] { (4, 1), (1, 2), (5, 3), (9, 4), (8, 9) })
                {
                    using var data = new MatrixCase(type, rows, columns, tokens, seed: rows + columns);
                    using var matrix = new FloatMatrix(rows, columns, type, data.Stored, data.RowBytes, kernels);
                    data.AssertProduct(data.Multiply(matrix, accumulate: false, threads: 1), quantized: false, accumulated: false, 1e-6);
                    data.AssertProduct(data.Multiply(matrix, accumulate: true, threads: 3), quantized: false, accumulated: true, 1e-6);
                }
            }
        }
    }
}
