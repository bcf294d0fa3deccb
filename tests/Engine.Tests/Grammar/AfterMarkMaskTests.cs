using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Grammar;

public sealed class AfterMarkMaskTests
{
    private readonly FakeTokenizer _tokenizer = new();
    private readonly AfterMarkMask _mask;

    public AfterMarkMaskTests() => _mask = new(_tokenizer, "<he>", TokenGrammar.Compile(Constraint.Choices("ab"), _tokenizer).CreateMask());

    [Theory]
    [InlineData("thinking <he>")]
    [InlineData("<<he>")]
    [InlineData("<h<he>")]
    [InlineData("he> <he <he>")]
    public void Holds_from_the_mark_on(string text)
    {
        foreach (var token in _tokenizer.Encode(text, parseSpecial: false))
        {
            Assert.True(IsAllowed(token));
            Assert.False(IsAllowed(FakeTokenizer.End));
            _mask.Accept(token);
        }
        Assert.Equal((true, false), (IsAllowed('\n'), IsAllowed(' ')));
        _mask.Accept('\n');
        _mask.Accept('\n');
        foreach (var token in _tokenizer.Encode("ab", parseSpecial: false))
        {
            Assert.Equal([token], Enumerable.Range(0, _tokenizer.VocabularySize).Where(IsAllowed));
            _mask.Accept(token);
        }
        Assert.Equal([FakeTokenizer.End], Enumerable.Range(0, _tokenizer.VocabularySize).Where(IsAllowed));
    }

    [Fact]
    public void A_token_that_goes_beyond_the_mark_is_not_allowed()
    {
        var mask = new AfterMarkMask(_tokenizer, "<he", TokenGrammar.Compile(Constraint.Choices("ab"), _tokenizer).CreateMask());
        mask.Accept('<');
        var hello = _tokenizer.Find("hello")!.Value;
        Assert.Equal((false, true), (Allows(mask, hello), Allows(mask, _tokenizer.Find("he")!.Value)));
        Assert.Throws<GrammarException>(() => mask.Accept(hello));
    }

    [Fact]
    public void A_budget_ends_the_free_text()
    {
        var mask = new AfterMarkMask(_tokenizer, "<he>", TokenGrammar.Compile(Constraint.Choices("ab"), _tokenizer).CreateMask(), budget: 2);
        mask.Accept('x');
        // A character of two bytes, of which the second may still come.
        mask.Accept(0xC3);
        Assert.True(Allows(mask, 0xBC));
        mask.Accept(0xBC);
        foreach (var token in _tokenizer.Encode("\n<he>", parseSpecial: true))
        {
            Assert.Equal([token], Enumerable.Range(0, _tokenizer.VocabularySize).Where(t => Allows(mask, t)));
            mask.Accept(token);
        }
        Assert.True(Allows(mask, 'a'));
    }

    [Fact]
    public void A_mark_may_hold_control_tokens()
    {
        var mask = new AfterMarkMask(_tokenizer, "<|start|>x", TokenGrammar.Compile(Constraint.Choices("ab"), _tokenizer).CreateMask());
        mask.Accept(FakeTokenizer.Start);
        mask.Accept('x');
        Assert.False(Allows(mask, 'x'));
    }

    private bool IsAllowed(int token) => Allows(_mask, token);

    private static bool Allows(AfterMarkMask mask, int token) => token / 64 < mask.Allowed.Length && (mask.Allowed[token / 64] >> (token % 64) & 1) == 1;
}
