using AgentRuntime.Engine.Grammar.Grounding;

namespace AgentRuntime.Engine.Tests.Grammar.Grounding;

public class GroundingBenchmarkTests
{
    [Fact]
    public void Counts_the_tokens_of_old_text()
    {
        var result = GroundingBenchmark.Run("alpha beta gamma 1\nalpha beta gamma 2\n", GrammarFixture.Tokenizer, calls: 20);
        Assert.Equal((38, 20), (result.Bytes, result.Calls));
        Assert.True(result.TokenUs.Count >= 20 && result.TokenUs.All(us => us > 0));
        Assert.InRange(result.Forced, 1, result.TokenUs.Count);
        Assert.True(result.AutomatonMs > 0);
    }
}
