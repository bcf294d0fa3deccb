using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Grammar.Matching;

namespace AgentRuntime.Engine.Tests.Grammar;

public sealed class MaskTests
{
    [Fact]
    public void A_mask_is_computed_ahead()
    {
        var grammar = TokenGrammar.Compile(Constraint.AnyJson, GrammarFixture.Tokenizer);
        var mask = (GrammarMask)grammar.CreateMask();
        mask.Accept(GrammarFixture.Tokenizer.Encode("{", parseSpecial: false)[0]);
        Assert.Null(mask.State.Mask);
        mask.Prepare();
        Assert.True(SpinWait.SpinUntil(() => mask.State.Mask is not null, TimeSpan.FromSeconds(30)));
        Assert.Equal(mask.State.Mask!, mask.Allowed.ToArray());
    }

    [Theory]
    [InlineData("true", """{"a": [1, -2.5e3, "x é\n", null], "b": {}}""")]
    [InlineData("""{"type":"object","properties":{"name":{"type":"string"},"names":{"type":"integer"},"n":{"type":"array"}},"required":["names"]}""", """{"names": 1, "name": "x", "nam": [2], "n": []}""")]
    [InlineData("""{"type":"object","properties":{"name":{"type":"string","maxLength":3},"flag":{"type":"boolean"}},"additionalProperties":false}""", "{\n  \"name\": \"ab\",\n  \"flag\": true}")]
    [InlineData("""{"anyOf":[{"type":"object","properties":{"k":{"const":"a"},"v":{"type":"integer"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"},"v":{"type":"string","pattern":"^x.*[0-9é]$"}}},{"type":"array","items":{"type":"number","minimum":2}}]}""", """{"k": "b", "v": "x zé"}""")]
    [InlineData("""{"type":"array","items":{"anyOf":[{"type":"number","minimum":2,"maximum":30},{"enum":["two","three"]}]},"maxItems":3}""", """[2.5, "three", 12]""")]
    [InlineData("""{"type":"object","properties":{"na":{"type":"integer"}},"patternProperties":{"^n":{"type":["integer","string"],"maxLength":3},"me$":{"minLength":2}},"additionalProperties":{"type":"null"}}""", """{"name": "ab", "na": 1, "x é": null, "nam": 2}""")]
    [InlineData("""{"type":"object","patternProperties":{"^[a-z]{2,5}$":{"type":"array","contains":{"type":"integer"},"items":{"type":["integer","string"]}}},"additionalProperties":false}""", """{"path": ["a", 12, "b"], "ab": [1]}""")]
    public void A_mask_allows_exactly_the_tokens_whose_bytes_fit(string schema, string text)
    {
        var tokenizer = GrammarFixture.Tokenizer;
        var grammar = TokenGrammar.Compile(Constraint.JsonSchema(schema), tokenizer);
        MatchState? state = grammar.Start;
        foreach (var next in tokenizer.Encode(text, parseSpecial: false))
        {
            var mask = grammar.Mask(state);
            for (var token = 0; token < tokenizer.VocabularySize; token++)
            {
                var allowed = (mask[token >> 6] >> token & 1) != 0;
                var fits = tokenizer.EndTokens.Contains(token)
                    ? state.MayEnd
                    : tokenizer.Bytes(token, special: false).Length > 0 && grammar.After(state, token) is not null;
                Assert.True(allowed == fits, $"token {token} '{tokenizer.Decode([token], true)}' before '{tokenizer.Decode([next], true)}': allowed {allowed}, fits {fits}");
            }
            state = grammar.After(state, next);
            Assert.NotNull(state);
        }
        Assert.True(state.MayEnd);
    }
}
