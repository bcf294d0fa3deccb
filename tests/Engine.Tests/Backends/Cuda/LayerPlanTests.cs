using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

[Collection(CudaCollection.Name)]
public sealed class LayerPlanTests : IDisposable
{
    private const int Batch = 64;
    private const int Context = 512;

    private static readonly CudaDeviceInfo Gpu = new(0, "A GPU", 9, 0, 132, 80L << 30);

    private readonly ModelFile _file = ModelLoader.Open(TestFiles.Golden("qwen3-q8_0.gguf"));
    private readonly DeviceNeeds _needs;
    private readonly int _layers;
    private readonly int _blocks = KvBudget.BlocksFor(Context);

    public LayerPlanTests()
    {
        _needs = new(_file, Gpu, KvType.F16, Batch);
        _layers = _file.RequireConfig().Layers;
    }

    public void Dispose() => _file.Dispose();

    [Fact]
    public void AsManyLayersAsFitRunOnTheGpu()
    {
        for (var layers = 1; layers <= _layers; layers++)
        {
            var exactly = _needs.Bytes(layers, _blocks);
            Assert.Equal((layers, _blocks), (Plan(exactly).GpuLayers, Plan(exactly).KvBlocks));
            Assert.Equal(layers == _layers, Plan(exactly).Note is null);
            if (layers > 1) Assert.Equal(layers - 1, Plan(exactly - 1).GpuLayers);
        }
    }

    [Fact]
    public void WhatIsLeftBecomesKvBlocks()
    {
        var plan = Plan(1L << 30);
        Assert.Equal(_layers, plan.GpuLayers);
        Assert.True(_needs.Bytes(_layers, (int)plan.KvBlocks) <= 1L << 30);
        Assert.True(_needs.Bytes(_layers, (int)plan.KvBlocks + 1) > 1L << 30);
        Assert.Equal(10, Plan(1L << 30, limit: 10 * plan.BlockBytes).KvBlocks);
    }

    [Fact]
    public void ABlockIsItsPartsOnBothSides()
    {
        var config = _file.RequireConfig();
        using var runner = EmulatedGpu.Open().LoadModel(_file, new() { KvBlocks = 2, MaxBatchTokens = Batch, Threads = 1, GpuLayers = 1 }, cancellationToken: default);
        Assert.Equal(Plan(1L << 40, layers: 1).BlockBytes, runner.BlockBytes);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(1L << 20)]
    [InlineData(-(1L << 40))]
    public void NoRoomForOneLayerSaysWhatToDo(long free)
    {
        var error = Assert.Throws<CudaException>(() => Plan(free));
        Assert.Contains("shorten the context", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LayersThatWereAskedForFitOrSayWhatWould()
    {
        var free = _needs.Bytes(1, _blocks);
        Assert.Equal(1, Plan(free, layers: 1).GpuLayers);
        var error = Assert.Throws<EngineException>(() => Plan(free, layers: 2));
        Assert.Contains("use --gpu-layers 1 or fewer", error.Message, StringComparison.Ordinal);
        // More than there are means all.
        Assert.Equal(_layers, Plan(1L << 40, layers: 99).GpuLayers);
    }

    [Theory]
    [InlineData("llama-q4_0", KvType.F32, 0)]
    [InlineData("qwen3-q8_0", KvType.F16, 0)]
    [InlineData("qwen3-q8_0", KvType.F16, 1)]
    [InlineData("qwen2-q4_k_m", KvType.Q8_0, 1)]
    public void NeedsAreWhatALoadedModelTakes(string model, KvType type, int front) => NeedsAreTaken(TestFiles.Golden($"{model}.gguf"), type, front);

    [Fact]
    public void NeedsAreWhatAModelOfExpertsTakes() => NeedsAreTaken(TestFiles.Shared("goldens", "qwen3moe-q8_0.gguf"), KvType.F16, 0);

    private static void NeedsAreTaken(string path, KvType type, int front)
    {
        using var file = ModelLoader.Open(path);
        var backend = EmulatedGpu.Open();
        Assert.SkipUnless(EmulatedGpu.IsEmulated, "a driver's small allocations are its own affair");
        var layers = file.RequireConfig().Layers - front;
        var driver = EmulatedGpu.Driver();
        var context = driver.RetainContext(0);
        var before = driver.FreeMemory();
        using (backend.LoadModel(file, new() { KvBlocks = 40, KvType = type, MaxBatchTokens = Batch, GpuLayers = layers }, cancellationToken: default))
        {
            driver.SetContext(context);
            var taken = before - driver.FreeMemory();
            var planned = new DeviceNeeds(file, driver.Device(0), type, Batch).Bytes(layers, 40) - DeviceNeeds.Reserve;
            // Allocations are rounded up in the plan.
            Assert.InRange(taken, 0.5 * planned, planned);
        }
        driver.ReleaseContext(0);
    }

    private LoadPlan Plan(long free, int? layers = null, long? limit = null) => LayerPlan.Make(
        _file, new() { Context = Context, MaxBatchTokens = Batch, GpuLayers = layers, MemoryLimit = limit }, Gpu, free);
}
