using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Tests.Chat.ToolCalls;
using AgentRuntime.Engine.Tests.Fakes;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Grammar;

public sealed class ForcedTokensTests
{
    [Fact]
    public void Forced_text_is_cut_as_the_tokenizer_cuts_the_whole()
    {
        const string Schema = """{"type":"object","properties":{"name":{"const":"read_file"},"path":{"type":"string"}},"required":["name"],"additionalProperties":false}""";
        var grammar = TokenGrammar.Compile(Constraint.JsonSchema(Schema, JsonWhitespace.Fixed), GrammarFixture.Tokenizer);
        var mask = grammar.CreateMask();
        var start = GrammarFixture.Tokenizer.Encode("{\"name", parseSpecial: false);
        foreach (var token in start) mask.Accept(token);
        var forced = mask.Forced(start);
        var text = GrammarFixture.Tokenizer.Decode([.. start, .. forced], special: false);
        // A ',' or '}' follows; tokens may join the closing quote with either, so it is the model's.
        Assert.Equal("{\"name\": \"read_file", text);
        Assert.Equal(GrammarFixture.Tokenizer.Encode(text, parseSpecial: false), start.Concat(forced));
    }

    [Theory]
    // 'hello' reaches beyond 'he', so where 'l' may follow it is the model's to choose.
    [InlineData("ahe(l|x)", "a", "")]
    [InlineData("ahe(r|x)", "a", "he")]
    [InlineData("ahello(l|x)", "a", "hello")]
    // The model cut differently: the rest goes by itself.
    [InlineData("hello wor(k|d)", "h", "e|l|lo wor")]
    [InlineData("h(ello|i)", "h", "")]
    // Half a character is not text; the character is forced whole or not at all.
    [InlineData("aÄ(x|y)", "a", "\u00c3|\u0084")]
    [InlineData("a(Ä|Ö)", "a", "")]
    // The end is forced as well as anything.
    [InlineData("ahello", "a", "hello")]
    [InlineData("a(hello)?", "a", "")]
    public void A_token_that_may_reach_beyond_the_forced_text_is_left_to_the_model(string pattern, string written, string expected)
    {
        var tokenizer = new FakeTokenizer();
        var mask = TokenGrammar.Compile(Constraint.Regex(pattern), tokenizer).CreateMask();
        var tokens = tokenizer.Encode(written, parseSpecial: false);
        foreach (var token in tokens) mask.Accept(token);
        var forced = mask.Forced(tokens);
        Assert.Equal(expected, string.Join('|', forced.Select(token => tokenizer.Vocabulary.Tokens[token])));
        foreach (var token in forced) mask.Accept(token);
    }

    [Theory]
    [InlineData("ggml-vocab-qwen2.gguf")]
    [InlineData("ggml-vocab-llama-bpe.gguf")]
    [InlineData("ggml-vocab-llama-spm.gguf")]
    [InlineData("ggml-vocab-gpt-2.gguf")]
    public void Real_vocabularies_write_the_same_with_and_without(string vocabulary)
    {
        var tokenizer = GrammarFixture.Open(TestFiles.Shared("vocab", vocabulary));
        const string Schema = """
            {"type":"object","properties":{"name":{"enum":["read_file","run_command"]},"arguments":{"type":"object","properties":{"path":{"type":"string"},"start_line":{"type":"integer"}},"required":["path","start_line"],"additionalProperties":false}},
             "required":["name","arguments"],"additionalProperties":false}
            """;
        var grammar = TokenGrammar.Compile(Constraint.JsonSchema(Schema, JsonWhitespace.Fixed), tokenizer);
        var (count, total) = (0, 0);
        foreach (var path in new[] { "src/Engine/Ü.cs", "/etc/hosts", "'quoted'", "a", "1.txt", "\\\"x\\\"" })
        {
            var text = $$$"""Call: {"name": "read_file", "arguments": {"path": "{{{path}}}", "start_line": 12}}""";
            var tokens = tokenizer.Encode(text, parseSpecial: false);
            // What the model writes is the canonical text; what is forced must be just that.
            var at = tokenizer.Encode("Call:", parseSpecial: false).Length;
            var state = grammar.After(grammar.Start, tokenizer.Bytes(tokens[at], special: false).Span.TrimStart((byte)' '))!;
            for (at++; at < tokens.Length; at++)
            {
                var forced = grammar.Forced(state, tokens.AsSpan(0, at));
                Assert.Equal(tokens.Skip(at).Take(forced.Length), forced);
                foreach (var token in forced) state = grammar.After(state, token)!;
                at += forced.Length;
                (count, total) = (count + forced.Length, total + forced.Length);
                if (at >= tokens.Length) break;
                state = grammar.After(state, tokens[at])!;
                total++;
            }
            Assert.True(state.MayEnd);
        }
        TestContext.Current.SendDiagnosticMessage($"{vocabulary}: {count} of {total} tokens forced");
        Assert.True(count * 10 >= total * 3, $"{count} of {total}");
    }

    [Fact]
    public void Control_tokens_are_forced_as_themselves()
    {
        var tokenizer = MarkedVocabulary.Tokenizer;
        var format = ToolCallFormats.Find("deepseek")!;
        var mask = ToolCallGrammar.Compile(format, [ToolSets.Tool("now", """{"type":"object","properties":{}}""")], tokenizer, new() { Mode = ChatToolMode.RequireAny, AllowMultipleCalls = false }).CreateMask();
        var whole = tokenizer.Encode(format.Write([new("", "now")]), parseSpecial: true);
        List<int> written = [];
        var decoded = 0;
        while (written.Count < whole.Length)
        {
            mask.Accept(whole[written.Count]);
            written.Add(whole[written.Count]);
            decoded++;
            foreach (var token in mask.Forced(written.ToArray()))
            {
                if (written.Count == whole.Length) break;
                mask.Accept(token);
                written.Add(token);
            }
        }
        Assert.Equal(whole, written);
        Assert.Contains(whole, token => tokenizer.Vocabulary.Types[token] == TokenType.Control);
        Assert.InRange(decoded, 1, whole.Length / 2);
    }
}
