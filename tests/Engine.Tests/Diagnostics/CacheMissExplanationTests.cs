using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Diagnostics;

public class CacheMissExplanationTests
{
    private const string Conversation = "<|start|>Be kind. Tools: read(path) write(path)<|end|><|start|>Do it<|end|><|start|>I will<|end|>";

    private readonly FakeTokenizer _tokenizer = new();

    [Theory]
    [InlineData("Be kind", "Be rude", CacheMissCause.ChangedSystemPrompt)]
    [InlineData("read(path) write(path)", "write(path) read(path)", CacheMissCause.ReorderedTools)]
    [InlineData("I will", "I won't", CacheMissCause.RewrittenHistory)]
    public void Names_the_cause(string before, string now, CacheMissCause cause)
    {
        var miss = Explain(Conversation, Conversation.Replace(before, now, StringComparison.Ordinal));
        Assert.Equal(cause, miss!.Cause);
        Assert.NotEqual(miss.Expected, miss.Actual);
        Assert.Contains(miss.Actual, miss.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_tokens_for_the_same_text()
    {
        int[] spelled = [FakeTokenizer.Start, 'h', 'e', 'l', 'l', 'o', FakeTokenizer.End, 'x', 'y'];
        var encoded = _tokenizer.Encode("<|start|>hello<|end|>xyz", true);
        var miss = CacheMissExplanation.Explain(_tokenizer, spelled, encoded, 1);
        Assert.Equal((1, CacheMissCause.OtherTokenization), (miss!.TokenIndex, miss.Cause));
    }

    [Fact]
    public void Evicted_blocks()
    {
        var tokens = _tokenizer.Encode(Conversation, true);
        var miss = CacheMissExplanation.Explain(_tokenizer, tokens, [.. tokens, 'x'], 32);
        Assert.Equal((32, CacheMissCause.EvictedBlock), (miss!.TokenIndex, miss.Cause));
    }

    [Fact]
    public void No_miss_when_all_was_reused()
    {
        var tokens = _tokenizer.Encode(Conversation, true);
        Assert.Null(CacheMissExplanation.Explain(_tokenizer, tokens, [.. tokens, 'x'], tokens.Length - 1));
        Assert.Null(CacheMissExplanation.Explain(_tokenizer, tokens, tokens[..50], 49));
    }

    private CacheMissExplanation? Explain(string before, string now)
    {
        var (expected, actual) = (_tokenizer.Encode(before, true), _tokenizer.Encode(now, true));
        return CacheMissExplanation.Explain(_tokenizer, expected, actual, expected.AsSpan().CommonPrefixLength(actual));
    }
}
