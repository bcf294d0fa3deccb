using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Tests.Sessions;

/// <summary>The whole engine with a small real model on the processor.</summary>
public class RealModelTests
{
    private static readonly EngineOptions Small = new() { ContextLength = 256, Threads = 1, PrefillChunk = 64 };

    [Theory]
    [InlineData("llama-q4_0", KvType.F16)]
    [InlineData("qwen2-q4_k_m", KvType.F32)]
    [InlineData("qwen3-q8_0", KvType.Q8_0)]
    public async Task Batched_chunked_and_resumed_generation_agree_with_single(string model, KvType type)
    {
        var small = Small with { KvType = type };
        await using var engine = await InferenceEngine.LoadAsync(TestFiles.Golden(model + ".gguf"), small);
        var random = new Random(1);
        int[][] prompts = [.. Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, random.Next(5, 150)).Select(_ => random.Next(engine.Model.VocabularySize)).ToArray())];
        var options = new GenerationOptions { MaxTokens = 24, IgnoreEos = true };

        var alone = new List<int[]>();
        foreach (var prompt in prompts)
        {
            await using var single = await InferenceEngine.LoadAsync(TestFiles.Golden(model + ".gguf"), small with { PrefillChunk = 200 });
            alone.Add(await Generate(single, prompt, options));
        }
        var together = await Task.WhenAll(prompts.Select(prompt => Generate(engine, prompt, options)));
        Assert.Equal(alone, together);

        using var session = engine.CreateSession();
        session.Append(prompts[0]);
        await session.PrefillAsync(TestContext.Current.CancellationToken);
        using var file = new MemoryStream();
        await session.SuspendAsync(file, TestContext.Current.CancellationToken);
        file.Position = 0;
        // Another engine has nothing resident: what it does not compute came out of the file.
        await using var another = await InferenceEngine.LoadAsync(TestFiles.Golden(model + ".gguf"), small);
        using var resumed = await another.ResumeSessionAsync(file, TestContext.Current.CancellationToken);
        await foreach (var _ in resumed.GenerateAsync(options, TestContext.Current.CancellationToken)) { }
        Assert.Equal(alone[0], resumed.Tokens);
        Assert.InRange(another.Statistics.ComputedTokens, 1, options.MaxTokens);
        await engine.CheckIntegrityAsync();
        await another.CheckIntegrityAsync();
    }

    [Fact]
    public async Task A_snapshot_of_another_model_is_refused()
    {
        await using var llama = await InferenceEngine.LoadAsync(TestFiles.Golden("llama-q4_0.gguf"), Small);
        await using var qwen = await InferenceEngine.LoadAsync(TestFiles.Golden("qwen2-q4_k_m.gguf"), Small);
        var session = llama.CreateSession();
        session.Append([1, 2, 3]);
        await session.PrefillAsync(TestContext.Current.CancellationToken);
        using var file = new MemoryStream();
        await session.SuspendAsync(file, TestContext.Current.CancellationToken);
        file.Position = 0;
        var error = await Assert.ThrowsAsync<SnapshotException>(() => qwen.ResumeSessionAsync(file, TestContext.Current.CancellationToken));
        Assert.Null(error.Tokens);
    }

    [Fact]
    public async Task What_cannot_be_loaded_is_said_in_a_sentence()
    {
        var missing = await Assert.ThrowsAnyAsync<EngineException>(() => InferenceEngine.LoadAsync("/nowhere/model.gguf"));
        Assert.Contains("/nowhere/model.gguf", missing.Message, StringComparison.Ordinal);
        var tight = await Assert.ThrowsAnyAsync<EngineException>(
            () => InferenceEngine.LoadAsync(TestFiles.Golden("llama-q4_0.gguf"), Small with { MemoryLimit = 1000 }));
        Assert.Contains("memory limit", tight.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<EngineException>(
            () => InferenceEngine.LoadAsync(TestFiles.Golden("llama-q4_0.gguf"), Small with { ContextLength = 1 << 30 }));
    }

    private static async Task<int[]> Generate(InferenceEngine engine, int[] prompt, GenerationOptions options)
    {
        using var session = engine.CreateSession();
        session.Append(prompt);
        await foreach (var _ in session.GenerateAsync(options)) { }
        return [.. session.Tokens];
    }
}
