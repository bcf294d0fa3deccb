using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tests.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Matrices;

/// <summary>Every packed format on every kernel that this processor has, over odd sizes.</summary>
public sealed unsafe class PackedMatrixTests
{
    [Theory]
    [InlineData(StorageType.Q8_0)]
    [InlineData(StorageType.Q4_0)]
    [InlineData(StorageType.Q4_1)]
    [InlineData(StorageType.Q5_0)]
    [InlineData(StorageType.Q5_1)]
    [InlineData(StorageType.Q4_K)]
    [InlineData(StorageType.Q5_K)]
    [InlineData(StorageType.Q6_K)]
    public void ProductsAreThePlainSums(StorageType type)
    {
        foreach (var kernel in DotKernel.Supported.Append(new ReferenceDotKernel()))
        {
            var format = PackedFormat.For(type, kernel)!;
            int[] widths = format.UnitColumns == 32 ? [32, 96, 544, 1120] : [256, 1280];
            foreach (var columns in widths)
            {
                foreach (var (rows, tokens) in new[] { (16, 1), (1, 2), (17, 3), (40, 4), (48, 9), (33, 21), (17, 45) })
                {
                    using var data = new MatrixCase(type, rows, columns, tokens, seed: rows + columns);
                    using var matrix = new PackedMatrix(rows, columns, format, kernel);
                    for (var panel = 0; panel < matrix.Panels; panel++) matrix.Pack(panel, data.Stored, data.RowBytes);
                    data.AssertProduct(data.Multiply(matrix, accumulate: false, threads: 1), quantized: true, accumulated: false, 1e-5);
                    data.AssertProduct(data.Multiply(matrix, accumulate: true, threads: 2), quantized: true, accumulated: true, 1e-5);
                }
            }
        }
    }

    [Fact]
    public void PreciseInputsReachNearlyFloatAccuracy()
    {
        using var data = new MatrixCase(StorageType.Q8_0, 32, 224, 5, seed: 1);
        using var x = new Activations(5, 224, precise: true);
        for (var t = 0; t < 5; t++)
        {
            new Span<float>(data.X.Row(t), 224).CopyTo(new(x.Row(t), 224));
            x.Quantize(t, 224);
        }
        using var matrix = new PackedMatrix(32, 224, PackedFormat.For(StorageType.Q8_0, DotKernel.Best)!, DotKernel.Best);
        for (var panel = 0; panel < matrix.Panels; panel++) matrix.Pack(panel, data.Stored, data.RowBytes);
        var y = new float[5 * 32];
        using var scratch = new ThreadScratch(224, precise: true);
        fixed (float* output = y) matrix.Multiply(new MatrixJob(x, data.RowIndexes, 5, output, 32), 0, 1, scratch);
        data.AssertProduct(y, quantized: false, accumulated: false, 1e-4);
    }
}
