using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.KvCache;

public class KvBudgetTests
{
    private const long BlockBytes = 1 << 20;
    private const long Plenty = 1L << 40;

    // The fake model's context is 4096 tokens: 128 blocks and one to copy into.
    [Theory]
    [InlineData(null, null, Plenty, 4096, 4 * 129)]
    [InlineData(1000, null, Plenty, 1000, 4 * 33)]
    [InlineData(null, 200L, Plenty, 4096, 200)]
    [InlineData(null, 65L, Plenty, 2048, 65)]
    [InlineData(1000, null, 0L, 1000, 33)]
    public void Divides_the_memory(int? context, long? limitBlocks, long kvMemory, int expectedContext, int expectedBlocks)
    {
        var budget = KvBudget.Plan(FakeModel.Config, new() { ContextLength = context, MemoryLimit = limitBlocks * BlockBytes }, BlockBytes, limitBlocks ?? kvMemory / BlockBytes);
        Assert.Equal(new KvBudget(expectedContext, expectedBlocks), budget);
    }

    [Theory]
    [InlineData(1000, 20L)]
    [InlineData(null, 10L)]
    public void A_context_that_cannot_fit_is_an_error_with_numbers(int? context, long limitBlocks)
    {
        var error = Assert.Throws<EngineException>(
            () => KvBudget.Plan(FakeModel.Config, new() { ContextLength = context, MemoryLimit = limitBlocks * BlockBytes }, BlockBytes, limitBlocks));
        Assert.Contains($"{limitBlocks} MB", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 100L, 100)]
    [InlineData(null, 1L << 30, 4 * 33)]
    [InlineData(null, 0L, 0)]
    [InlineData(0L, 400L, 0)]
    [InlineData(7L, 4L, 7)]
    public void Host_memory_holds_what_was_asked_for_or_four_contexts(long? limitBlocks, long hostBlocks, int expected) =>
        Assert.Equal(expected, KvBudget.HostBlocks(1000, new() { HostMemoryLimit = limitBlocks * BlockBytes }, BlockBytes, hostBlocks * BlockBytes));

    [Theory]
    [InlineData(4096, null, 4096)]
    [InlineData(131072, null, 8192)]
    [InlineData(131072, 20000, 20000)]
    public void A_context_that_was_asked_for_must_fit_and_the_usual_one_in_part(int longest, int? context, int needed) =>
        Assert.Equal(needed, KvBudget.Needed(FakeModel.Config with { ContextLength = longest }, new() { ContextLength = context }));

    [Fact]
    public void A_context_beyond_the_model_is_an_error() =>
        Assert.Throws<EngineException>(() => KvBudget.Plan(FakeModel.Config, new() { ContextLength = 5000 }, BlockBytes, Plenty));
}
