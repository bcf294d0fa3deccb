using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>What a GPU that is missing, too old, too full or broken does to its users.</summary>
[Collection(CudaCollection.Name)]
public sealed class FaultTests
{
    [Theory]
    [InlineData("version=11080", "supports CUDA 11.8, but the kernels need 12.0; install a newer driver")]
    [InlineData("devices=0", "finds no GPU")]
    [InlineData("fail=cuInit:0:999", "could not start")]
    [InlineData("capability=75", "has compute capability 7.5, but the kernels need 8.0")]
    [InlineData("memory=200", "has 200 MB free")]
    [InlineData("fail=cuDevicePrimaryCtxRetain:0:2", "could not open a device: out of memory")]
    [InlineData("fail=cuModuleLoadData:0:218", "could not load the kernels: a PTX JIT compilation failed")]
    [InlineData("fail=cuMemAlloc:3:2", "too little free memory")]
    [InlineData("fail=cuLaunchKernel:0:719", "could not launch a kernel")]
    [InlineData("fail=cuModuleLoadData:5:218", "could not load the kernels")]
    public async Task AGpuThatCannotBeUsedIsASentenceAndAutoTakesTheProcessor(string settings, string sentence)
    {
        var cancel = TestContext.Current.CancellationToken;
        using (EmulatedGpu.Configure(settings))
        {
            var error = await Assert.ThrowsAsync<CudaException>(() => LoadAsync(new() { Device = "cuda" }, cancel));
            Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
        }
        using (EmulatedGpu.Configure(settings))
        {
            List<string> notes = [];
            await using var engine = await LoadAsync(new() { Device = "auto", Notes = notes.Add }, cancel);
            Assert.IsType<CpuModelRunner>(engine.Runner);
            var note = Assert.Single(notes);
            Assert.Contains(sentence, note, StringComparison.Ordinal);
            Assert.EndsWith("The model runs on the processor.", note, StringComparison.Ordinal);
            Assert.Equal(4, (await GenerateAsync(engine, 4, cancel)).Count);
        }
    }

    [Fact]
    public async Task WithoutFaultsAutoTakesTheGpu()
    {
        using var nothing = EmulatedGpu.Configure("");
        List<string> notes = [];
        await using var engine = await LoadAsync(new() { Device = "auto", Notes = notes.Add }, TestContext.Current.CancellationToken);
        Assert.IsNotType<CpuModelRunner>(engine.Runner);
        Assert.Empty(notes);
    }

    [Fact]
    public async Task LayersThatWereAskedForAndDoNotFitAreAnErrorEvenWithAuto()
    {
        using var small = EmulatedGpu.Configure("memory=200");
        var error = await Assert.ThrowsAsync<EngineException>(() => LoadAsync(new() { Device = "auto", GpuLayers = 1 }, TestContext.Current.CancellationToken));
        Assert.Contains("1 layers of", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fail=cuLaunchKernel:10:719")]
    [InlineData("fail=cuGraphLaunch:3:719")]
    [InlineData("fail=cuStreamSynchronize:4:999")]
    public async Task AGpuThatFailsInAStepEndsItsRequestsAndNothingElse(string settings)
    {
        var cancel = TestContext.Current.CancellationToken;
        List<int> expected;
        await using (var whole = await LoadAsync(new() { Backend = EmulatedGpu.Open() }, cancel)) expected = await GenerateAsync(whole, 8, cancel);

        await using var engine = await LoadAsync(new() { Device = "cuda" }, cancel);
        using (EmulatedGpu.Configure(settings))
        {
            using var session = Session(engine);
            List<int> tokens = [];
            var error = await Assert.ThrowsAsync<ComputeException>(() => GenerateAsync(session, 8, tokens, cancel));
            Assert.IsType<CudaException>(error.InnerException);
            Assert.Contains("The model could not be computed: The CUDA driver could not", error.Message, StringComparison.Ordinal);
            Assert.Equal(expected.Take(tokens.Count), tokens);
            // The fault stays, for this session and every other.
            await Assert.ThrowsAsync<ComputeException>(() => GenerateAsync(engine, 4, cancel));
            await engine.CheckIntegrityAsync();

            // A model that is loaded anew, once the broken one is gone, goes on with the tokens that were kept.
            var kept = session.Tokens.ToArray();
            Assert.Equal(expected.Take(tokens.Count), kept[^tokens.Count..]);
            await engine.DisposeAsync();
            await using var again = await LoadAsync(new() { Device = "cuda" }, cancel);
            using var continued = again.CreateSession();
            continued.Append(kept);
            await GenerateAsync(continued, 8 - tokens.Count, tokens, cancel);
            Assert.Equal(expected, tokens);
        }
    }

    [Fact]
    public async Task WithoutRoomForGraphsTheKernelsAreQueuedOneByOne()
    {
        var cancel = TestContext.Current.CancellationToken;
        List<int> expected;
        await using (var whole = await LoadAsync(new() { Backend = EmulatedGpu.Open() }, cancel)) expected = await GenerateAsync(whole, 6, cancel);
        using var full = EmulatedGpu.Configure("fail=cuGraphInstantiate:0:2");
        await using var engine = await LoadAsync(new() { Device = "cuda" }, cancel);
        Assert.Equal(expected, await GenerateAsync(engine, 6, cancel));
        Assert.Null(engine.DeviceFault);
    }

    [Fact]
    public async Task ABlockThatCannotBeCopiedEndsItsRequestsAndNothingElse()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var faulty = EmulatedGpu.Configure("fail=cuMemcpyDtoDAsync:0:719");
        await using var engine = await LoadAsync(new() { Device = "cuda" }, cancel);
        using var session = Session(engine);
        await session.PrefillAsync(cancel);
        // Its last block is shared and has to be copied before the fork writes to it.
        using var fork = session.Fork();
        await Assert.ThrowsAsync<ComputeException>(() => GenerateAsync(fork, 4, [], cancel));
        Assert.NotNull(engine.DeviceFault);
        await engine.CheckIntegrityAsync();
    }

    [Fact]
    public async Task ASessionThatIsSuspendedOnABrokenGpuIsAnError()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var engine = await LoadAsync(new() { Device = "cuda" }, cancel);
        using var faulty = EmulatedGpu.Configure("fail=cuGraphLaunch:2:719");
        using var session = Session(engine);
        await Assert.ThrowsAsync<ComputeException>(() => GenerateAsync(session, 8, [], cancel));
        await Assert.ThrowsAnyAsync<EngineException>(() => session.SuspendAsync(new MemoryStream(), cancel));
    }

    private static Task<InferenceEngine> LoadAsync(EngineOptions options, CancellationToken cancel) => InferenceEngine.LoadAsync(
        TestFiles.Golden("qwen3-q8_0.gguf"), options with { ContextLength = 256, PrefillChunk = 64, Threads = 1 }, null, cancel);

    private static Session Session(InferenceEngine engine)
    {
        var session = engine.CreateSession();
        session.Append([5, 6, 7, 8, 9]);
        return session;
    }

    private static async Task<List<int>> GenerateAsync(InferenceEngine engine, int count, CancellationToken cancel)
    {
        using var session = Session(engine);
        List<int> tokens = [];
        await GenerateAsync(session, count, tokens, cancel);
        return tokens;
    }

    private static async Task GenerateAsync(Session session, int count, List<int> tokens, CancellationToken cancel)
    {
        await foreach (var e in session.GenerateAsync(new() { MaxTokens = count, IgnoreEos = true }, cancel))
            if (e.Token is { } token) tokens.Add(token);
    }
}
