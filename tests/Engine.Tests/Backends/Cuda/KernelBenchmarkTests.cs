namespace AgentRuntime.Engine.Tests.Backends.Cuda;

[Collection(CudaCollection.Name)]
public sealed class KernelBenchmarkTests
{
    [Fact]
    public void EveryKernelOfAPassIsTimed()
    {
        var rows = EmulatedGpu.Open().MeasureKernels(small: true, TestContext.Current.CancellationToken).ToList();
        Assert.All(rows, row => Assert.True(row.Microseconds > 0, row.Kernel));
        Assert.All(rows.Where(row => row.Kernel.StartsWith("gemv_", StringComparison.Ordinal)), row => Assert.True(row.GigabytesPerSecond > 0, row.Kernel));
        Assert.All(rows.Where(row => row.Kernel.StartsWith("gemm_", StringComparison.Ordinal)), row => Assert.True(row.TeraflopsPerSecond > 0, row.Kernel));
        string[] expected = ["copy on device", "copy to device", "gemv_bf16_1", "gemv_q4_k_16", "gemm_mxfp4", "gemv_q4_k_1, experts", "gemv_q8_0_1, gate and up", "layers_q8_0", "rms_norm", "swiglu", "sample", "graph"];
        Assert.Empty(expected.Except(rows.Select(row => row.Kernel)));
        Assert.Equal(3, rows.Count(row => row.Kernel.StartsWith("attention", StringComparison.Ordinal)));
    }
}
