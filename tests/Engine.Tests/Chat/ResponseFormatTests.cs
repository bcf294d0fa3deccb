using System.Text.Json;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Chat;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Chat;

/// <summary>Replies of a model of random weights that are held to JSON.</summary>
public sealed class ResponseFormatTests : IDisposable
{
    private const string PersonSchema =
        """{"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":150},"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":3}},"required":["name","age","tags"],"additionalProperties":false}""";
    private const string ThinkingTemplate =
        "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n' }}{%- endif %}";
    private const string HarmonyTemplate =
        "{%- if tools %}{{- tools | tojson }}{%- endif %}{%- for m in messages %}{{- '<|im_start|>' + m.role + '<|message|>' + m.content + '<|im_end|>' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant' }}{%- endif %}{#- <|channel|> #}";
    private readonly string _folder = Directory.CreateTempSubdirectory("agentrt-format-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_reply_satisfies_its_schema(int seed)
    {
        await using var engine = Load();
        using var client = new EngineChatClient(engine);
        var response = await client.GetResponseAsync("Who?", Format(ChatResponseFormat.ForJsonSchema(JsonElement.Parse(PersonSchema), "person"), seed));
        AssertPerson(response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        var next = await client.GetResponseAsync("Again", new() { ConversationId = response.ConversationId, MaxOutputTokens = 1 });
        Assert.Equal(response.Usage!.TotalTokenCount - 1, next.Usage!.CachedInputTokenCount);
    }

    [Fact]
    public async Task Json_without_a_schema_is_an_object()
    {
        await using var engine = Load();
        using var client = new EngineChatClient(engine);
        var response = await client.GetResponseAsync("Who?", Format(ChatResponseFormat.Json, 5));
        Assert.StartsWith("{", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reasoning_that_the_template_opens_comes_first()
    {
        await using var engine = Load(ThinkingTemplate, "hm</think>");
        using var client = new EngineChatClient(engine);
        var response = await client.GetResponseAsync("Who?", Format(ChatResponseFormat.ForJsonSchema(JsonElement.Parse(PersonSchema)), 1));
        AssertPerson(response.Text);
        Assert.Contains("hm", string.Concat(response.Messages[0].Contents.OfType<TextReasoningContent>()), StringComparison.Ordinal);
        Assert.True(response.Usage!.ReasoningTokenCount > 0);
    }

    [Fact]
    public async Task A_thinking_budget_ends_the_reasoning()
    {
        await using var engine = Load(ThinkingTemplate);
        using var client = new EngineChatClient(engine);
        var options = Format(ChatResponseFormat.ForJsonSchema(JsonElement.Parse(PersonSchema)), 1);
        options.AdditionalProperties = new() { [EngineChatProperties.ThinkingBudget] = 5 };
        var response = await client.GetResponseAsync("Who?", options);
        AssertPerson(response.Text);
        Assert.InRange(response.Usage!.ReasoningTokenCount!.Value, 4, 20);
    }

    [Theory]
    [InlineData("{}", false)]
    [InlineData("<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}\n</tool_call>", true)]
    [InlineData("Sure.", null)]
    public async Task While_tools_are_offered_a_reply_is_calls_or_json(string wanted, bool? isCall)
    {
        await using var engine = Load(null, wanted);
        using var client = new EngineChatClient(engine);
        var options = Format(ChatResponseFormat.ForJsonSchema(JsonElement.Parse(PersonSchema)), 1);
        options.Tools = [AIFunctionFactory.Create((string path) => path, "read", "Reads.")];
        var response = await client.GetResponseAsync("Who?", options);
        var calls = response.Messages[0].Contents.OfType<FunctionCallContent>().ToList();
        Assert.Equal(isCall ?? calls.Count > 0, calls.Count > 0);
        Assert.All(calls, c => Assert.Equal("read", c.Name));
        if (calls.Count == 0) AssertPerson(response.Text);
    }

    [Fact]
    public async Task The_final_message_of_harmony_is_what_is_held()
    {
        await using var engine = Load(HarmonyTemplate, "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>");
        using var client = new EngineChatClient(engine);
        var response = await client.GetResponseAsync("Who?", Format(ChatResponseFormat.ForJsonSchema(JsonElement.Parse(PersonSchema)), 1));
        AssertPerson(response.Text);
        Assert.Contains("hm", string.Concat(response.Messages[0].Contents.OfType<TextReasoningContent>()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_that_looks_like_a_call_stays_text_in_json()
    {
        await using var engine = Load();
        using var client = new EngineChatClient(engine);
        var schema = JsonElement.Parse("""{"const":{"name":"<tool_call>{}</tool_call>","arguments":{}}}""");
        var response = await client.GetResponseAsync("Who?", Format(ChatResponseFormat.ForJsonSchema(schema), 1));
        Assert.Equal("<tool_call>{}</tool_call>", JsonElement.Parse(response.Text).GetProperty("name").GetString());
    }

    [Fact]
    public async Task What_cannot_be_held_to_is_refused_with_its_place()
    {
        await using var engine = Load();
        using var client = new EngineChatClient(engine);
        var contradiction = JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"integer","minimum":2,"maximum":1}},"required":["a"]}""");
        var error = await Assert.ThrowsAsync<GrammarException>(() => client.GetResponseAsync("Who?", Format(ChatResponseFormat.ForJsonSchema(contradiction), 1)));
        Assert.StartsWith("ChatOptions.ResponseFormat", error.Message, StringComparison.Ordinal);
        var masked = Format(ChatResponseFormat.Json, 1);
        masked.RawRepresentationFactory = _ => new GenerationOptions { Constraint = Constraint.AnyJson };
        Assert.Contains("ResponseFormat", (await Assert.ThrowsAsync<EngineException>(() => client.GetResponseAsync("Who?", masked))).Message, StringComparison.Ordinal);
    }

    private static ChatOptions Format(ChatResponseFormat format, int seed) => new() { ResponseFormat = format, Seed = seed, Temperature = 1, MaxOutputTokens = 300 };

    private static void AssertPerson(string text)
    {
        var person = JsonElement.Parse(text);
        Assert.Equal(["age", "name", "tags"], person.EnumerateObject().Select(p => p.Name).Order());
        Assert.InRange(person.GetProperty("age").GetInt32(), 0, 150);
        Assert.InRange(person.GetProperty("name").GetString()!.Length, 0, 24);
        Assert.All(person.GetProperty("tags").EnumerateArray(), t => Assert.Contains(t.GetString(), (string[])["a", "b"]));
    }

    private InferenceEngine Load(string? template = null, string? wanted = null)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.gguf");
        ModelSynthesizer.Write("tiny-test", "Q8_0", path);
        var model = ModelLoader.Open(path);
        var runner = new CpuBackend().LoadModel(model, new RunnerOptions { KvBlocks = 64, KvType = KvType.F16, MaxBatchTokens = 512, Threads = 1 }, null, default);
        var tokenizer = TokenizerFactory.Create(model.Vocabulary!);
        var scripted = new ScriptedRunner(runner, wanted is null ? [] : new([tokenizer.Encode(wanted, parseSpecial: true)]));
        return new(scripted, tokenizer, null, template ?? model.ChatTemplate, null, model);
    }
}
