using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Tests.Grammar;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

public sealed class ToolCallGrammarTests
{
    private static readonly AIFunctionDeclaration[] Tools = [.. ToolSets.All.Where(tool => tool.Name is "read_file" or "read" or "search" or "now")];

    public static TheoryData<string, bool> Families => [.. ToolCallFormats.All.SelectMany(format => new[] { (format.Name, false), (format.Name, true) })];

    [Theory]
    [MemberData(nameof(Families))]
    public void What_a_family_writes_is_allowed(string family, bool marks)
    {
        var format = ToolCallFormats.Find(family)!;
        var one = format.Write([Call("read_file", """{"path": "a \"b\".cs\n", "first": 3}""")]);
        var two = format.Write([Call("search", """{"pattern": "<\\b>", "globs": ["*.cs"], "ignore_case": true}"""), Call("now", "{}")]);
        foreach (var mode in new ChatToolMode[] { ChatToolMode.Auto, ChatToolMode.RequireAny })
        {
            Assert.True(Fits(format, new() { Mode = mode }, one, marks), one);
            // A reply in the harmony format ends with its first call, where that end is a token.
            Assert.Equal(!marks || family != "harmony", Fits(format, new() { Mode = mode }, two, marks));
            Assert.False(Fits(format, new() { Mode = mode, AllowMultipleCalls = false }, two, marks), two);
            Assert.False(Fits(format, new() { Mode = mode }, one.Replace("read_file", "read_all", StringComparison.Ordinal), marks));
            Assert.False(Fits(format, new() { Mode = mode }, one.Replace("first", "last_", StringComparison.Ordinal), marks));
            Assert.False(Fits(format, new() { Mode = mode }, format.Write([Call("search", """{"ignore_case": true}""")]), marks));
        }
        Assert.True(Fits(format, new() { Mode = ChatToolMode.RequireSpecific("read_file") }, one, marks));
        Assert.False(Fits(format, new() { Mode = ChatToolMode.RequireSpecific("read") }, one, marks));
        Assert.False(Fits(format, new() { Mode = ChatToolMode.None }, one, marks));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Text_is_free_until_a_mark(string family, bool marks)
    {
        var format = ToolCallFormats.Find(family)!;
        var call = format.Write([Call("read", """{"path": "a"}""")]);
        var (before, text) = family == "harmony" ? ("<|channel|>commentary<|message|>Ünd a < b, {\"x\": [TOOL]}<|end|><|start|>assistant", "<|channel|>final<|message|>It is 4.") : ("Ünd a < b, {\"x\": [TOOL]}\n", "It is <b>4</b>.");
        Assert.True(Fits(format, new(), before + (family == "llama3" ? "<|python_tag|>" : "") + call, marks));
        Assert.False(Fits(format, new() { Mode = ChatToolMode.RequireAny }, before + call, marks));
        Assert.True(Fits(format, new(), text, marks));
        Assert.True(Fits(format, new() { Mode = ChatToolMode.None }, text, marks));
        Assert.False(Fits(format, new() { Mode = ChatToolMode.RequireAny }, text, marks));
        Assert.False(Fits(format, new(), call + "And more.", marks));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_mask_allows_exactly_the_tokens_whose_bytes_fit(string family, bool required)
    {
        var (format, tokenizer) = (ToolCallFormats.Find(family)!, MarkedVocabulary.Tokenizer);
        var options = new ToolCallGrammarOptions { Mode = required ? ChatToolMode.RequireAny : ChatToolMode.Auto };
        var mask = (GrammarMask)ToolCallGrammar.Compile(format, Tools, tokenizer, options).CreateMask();
        foreach (var next in tokenizer.Encode(format.Write([Call("read_file", """{"path": "a\\", "first": 3}""")]), parseSpecial: true))
        {
            for (var token = 0; token < tokenizer.VocabularySize; token++)
            {
                var allowed = (mask.Allowed[token >> 6] >> token & 1) != 0;
                var fits = (mask.MayEnd && tokenizer.EndTokens.Contains(token)) || mask.Grammar.After(mask.State, token) is not null;
                Assert.True(allowed == fits, $"{family}: token {token} '{tokenizer.Decode([token], true)}' before '{tokenizer.Decode([next], true)}': allowed {allowed}, fits {fits}");
            }
            mask.Accept(next);
        }
        Assert.True(mask.MayEnd);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Whatever_is_written_at_random_is_a_valid_call(string family, bool marks)
    {
        var (format, tokenizer) = (ToolCallFormats.Find(family)!, TokenizerOf(marks));
        for (var number = 0; number < 12; number++)
        {
            var tools = ToolSets.Set(number);
            var mask = ToolCallGrammar.Compile(format, tools, tokenizer, new() { Mode = ChatToolMode.RequireAny, MayReason = number % 3 == 0, AllowMultipleCalls = number % 2 == 0 }).CreateMask(thinkingBudget: 8);
            var reply = RandomReply.Write(mask, tokenizer, new Random(number));
            Assert.NotEmpty(CallChecks.ValidCalls(format, tools, reply!));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Free_replies_hold_no_malformed_call(string family, bool marks)
    {
        var (format, tokenizer) = (ToolCallFormats.Find(family)!, TokenizerOf(marks));
        var tools = ToolSets.Set(4);
        var calls = 0;
        for (var number = 0; number < 12; number++)
        {
            var mask = ToolCallGrammar.Compile(format, tools, tokenizer).CreateMask(startsInReasoning: number % 4 == 3, thinkingBudget: 8);
            // Openings that a model of random weights would hardly ever write.
            var reply = RandomReply.Write(mask, tokenizer, new Random(number), [.. format.Openings.Select(opening => tokenizer.Encode(opening, parseSpecial: true))]);
            calls += CallChecks.ValidCalls(format, tools, reply!, number % 4 == 3).Count;
        }
        Assert.NotEqual(0, calls);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 5)]
    [InlineData(false, 3)]
    public void Reasoning_ends_at_its_budget(bool marks, int budget)
    {
        var tokenizer = TokenizerOf(marks);
        var mask = (GrammarMask)ToolCallGrammar.Compile(HermesFormat.Instance, Tools, tokenizer).CreateMask(startsInReasoning: true, budget);
        for (var i = 0; i < budget; i++) mask.Accept(tokenizer.Encode("a", parseSpecial: false)[0]);
        // Nothing else may come now, until the closing mark is written.
        var close = new StringBuilder();
        while (!close.ToString().Contains("</think>", StringComparison.Ordinal))
        {
            var next = Enumerable.Range(0, tokenizer.VocabularySize).Where(token => (mask.Allowed[token >> 6] >> token & 1) != 0).ToList();
            var longest = next.MaxBy(token => tokenizer.Bytes(token, special: true).Length);
            Assert.All(next, token => Assert.StartsWith(tokenizer.Decode([token], special: true), tokenizer.Decode([longest], special: true), StringComparison.Ordinal));
            mask.Accept(longest);
            close.Append(tokenizer.Decode([longest], special: true));
        }
        Assert.Equal("\n</think>", close.ToString());
        Assert.True(mask.MayEnd);
        Assert.NotEqual(0, tokenizer.Encode("Now text.", parseSpecial: false).Count(token => (mask.Allowed[token >> 6] >> token & 1) != 0));
    }

    [Fact]
    public void A_budget_cuts_no_character_in_two()
    {
        var tokenizer = MarkedVocabulary.Tokenizer;
        var mask = (GrammarMask)ToolCallGrammar.Compile(HermesFormat.Instance, Tools, tokenizer).CreateMask(startsInReasoning: true, thinkingBudget: 1);
        var halves = tokenizer.Encode("é", parseSpecial: false);
        Assert.Equal(2, halves.Length);
        mask.Accept(halves[0]);
        Assert.NotEqual(0UL, mask.Allowed[halves[1] >> 6] >> halves[1] & 1);
        mask.Accept(halves[1]);
        Assert.Equal(0UL, mask.Allowed[halves[0] >> 6] >> halves[0] & 1);
    }

    [Fact]
    public void Reasoning_without_a_budget_is_free()
    {
        Assert.True(Fits(HermesFormat.Instance, new(), "I think <tool_call> is\n</think>\n\nDone.", marks: true, startsInReasoning: true));
        Assert.True(Fits(HermesFormat.Instance, new(), "<think>\nHm.\n</think>\n\nDone.", marks: true));
        var call = HermesFormat.Instance.Write([Call("now", "{}")]);
        Assert.True(Fits(HermesFormat.Instance, new() { Mode = ChatToolMode.RequireAny }, "Hm.\n</think>\n\n" + call, marks: true, startsInReasoning: true));
        Assert.True(Fits(HermesFormat.Instance, new() { Mode = ChatToolMode.RequireAny, MayReason = true }, "<think>Hm.</think>" + call, marks: true));
        Assert.False(Fits(HermesFormat.Instance, new() { Mode = ChatToolMode.RequireAny }, "<think>Hm.</think>" + call, marks: true));
        Assert.False(Fits(HermesFormat.Instance, new() { Mode = ChatToolMode.RequireAny, MayReason = true }, "<think>Hm.</think>Done.", marks: true));
    }

    [Theory]
    [InlineData("hermes", "a\"b", """{"type":"object"}""", "name")]
    [InlineData("glm", "a b\nc", """{"type":"object"}""", "name")]
    [InlineData("kimi", "a:b", """{"type":"object"}""", "name")]
    [InlineData("hermes", "f", """{"type":"array"}""", "#/type")]
    [InlineData("hermes", "f", """{"properties":{"x":{"type":"string","minLength":3,"maxLength":2}},"required":["x"]}""", "contradicts")]
    [InlineData("hermes", "f", """{"properties":{"x":{"$ref":"#/$defs/none"}}}""", "#/properties/x")]
    [InlineData("hermes", "f", """{"properties":3}""", "#/properties")]
    [InlineData("qwen3-coder", "f", """{"properties":{"a<b":{}}}""", "a<b")]
    [InlineData("qwen3-coder", "f", """{"properties":{"x":{"enum":["a","</parameter>"]}}}""", "</parameter>")]
    public void What_cannot_be_held_to_is_refused_by_name(string family, string name, string schema, string expected)
    {
        var error = Assert.Throws<GrammarException>(() => ToolCallGrammar.Compile(ToolCallFormats.Find(family)!, [ToolSets.Tool(name, schema)], MarkedVocabulary.Tokenizer));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"properties":{"a":{"type":"integer"}}}""", """{"a": 1}""", """{"b": 1}""")]
    [InlineData("""{"properties":{"a":{"type":"integer"}},"additionalProperties":true}""", """{"b": 1}""", """{"a": "x"}""")]
    [InlineData("""{"properties":{"a":{"type":"integer"}},"required":["b"]}""", """{"b": 1}""", """{"a": 1}""")]
    [InlineData("""{"type":"object"}""", """{"b": [1]}""", """[1]""")]
    [InlineData("""{"type":["object","null"]}""", "{}", "null")]
    public void Objects_are_closed_where_their_properties_are_listed(string schema, string valid, string invalid)
    {
        bool Fits(string arguments)
        {
            var tokenizer = MarkedVocabulary.Tokenizer;
            var mask = (GrammarMask)ToolCallGrammar.Compile(MistralFormat.Named, [ToolSets.Tool("f", schema)], tokenizer).CreateMask();
            foreach (var token in tokenizer.Encode("[TOOL_CALLS]f[ARGS]" + arguments, parseSpecial: true))
            {
                if ((mask.Allowed[token >> 6] >> token & 1) == 0) return false;
                mask.Accept(token);
            }
            return mask.MayEnd;
        }
        Assert.True(Fits(valid));
        Assert.False(Fits(invalid));
    }

    [Fact]
    public void Two_tools_of_one_name_are_refused() =>
        Assert.Throws<GrammarException>(() => ToolCallGrammar.Compile(HermesFormat.Instance, [Tools[0], Tools[0]], MarkedVocabulary.Tokenizer));

    private static FunctionCallContent Call(string name, string arguments) => new("", name, JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments));

    private static Tokenizer TokenizerOf(bool marks) => marks ? MarkedVocabulary.Tokenizer : GrammarFixture.Tokenizer;

    private static bool Fits(IToolCallFormat format, ToolCallGrammarOptions options, string reply, bool marks, bool startsInReasoning = false)
    {
        var tokenizer = TokenizerOf(marks);
        var mask = (GrammarMask)ToolCallGrammar.Compile(format, Tools, tokenizer, options).CreateMask(startsInReasoning);
        foreach (var token in tokenizer.Encode(reply, parseSpecial: true))
        {
            if ((mask.Allowed[token >> 6] >> token & 1) == 0) return false;
            mask.Accept(token);
        }
        return mask.MayEnd;
    }
}
