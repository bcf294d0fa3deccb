using System.Text.Json;

namespace AgentRuntime.Cli.Tests;

/// <summary>Commands on the bundled model: what the contract says they print.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task Generate_gives_the_same_text_for_the_same_seed()
    {
        string[] arguments = ["generate", "--model", "tiny-coder", "--prompt", "<|im_start|>user\n", "--max-tokens", "12", "--ignore-eos", "--temperature", "1", "--seed", "5", "--json"];
        var (first, second) = (await JsonAsync(arguments), await JsonAsync(arguments));
        Assert.Equal(first.GetProperty("text").GetString(), second.GetProperty("text").GetString());
        Assert.Equal(12, first.GetProperty("tokens").GetArrayLength());
        Assert.Equal("length", first.GetProperty("finish_reason").GetString());
        foreach (var name in new[] { "prompt_tokens", "cached_tokens", "ttft_ms", "prefill_ms", "decode_ms", "tokens_per_second" })
            Assert.Equal(JsonValueKind.Number, first.GetProperty(name).ValueKind);
    }

    [Fact]
    public async Task Inspect_tells_what_the_model_is()
    {
        var found = await JsonAsync("model", "inspect", "tiny-coder", "--json");
        Assert.Equal("qwen3", found.GetProperty("architecture").GetString());
        Assert.True(found.GetProperty("template").GetBoolean());
        Assert.Equal(JsonValueKind.Null, found.GetProperty("problem").ValueKind);
        Assert.Contains(found.GetProperty("tensors").EnumerateArray(), t => t.GetProperty("name").GetString() == "token_embd.weight");
    }

    [Fact]
    public async Task Tokens_go_there_and_back()
    {
        using var agentrt = new AgentRt();
        string[] texts = ["class CartRate { }", "naïve ✓ 🎉", "", "  two  spaces\n"];
        var ids = await agentrt.RunWithInputAsync(string.Concat(texts.Select(t => JsonSerializer.Serialize(t) + "\n")), "model", "tokenize", "tiny-coder", "--jsonl");
        var back = await agentrt.RunWithInputAsync(ids.Output, "model", "detokenize", "tiny-coder", "--jsonl");
        Assert.Equal(texts, back.Lines.Select(l => l.GetString()));
    }

    [Fact]
    public async Task Render_reports_a_line_that_fails_and_goes_on()
    {
        using var agentrt = new AgentRt();
        var result = await agentrt.RunWithInputAsync(
            "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}], \"add_generation_prompt\": true}\n{\"tools\": 1}\n", "model", "render", "tiny-coder", "--jsonl");
        var lines = result.Lines.ToList();
        Assert.Equal("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", lines[0].GetString());
        Assert.Equal(JsonValueKind.String, lines[1].GetProperty("error").ValueKind);
    }

    [Fact]
    public async Task Logits_cover_every_position_and_the_vocabulary()
    {
        using var agentrt = new AgentRt();
        var result = (await agentrt.RunWithInputAsync("[1, 2, 3]\n[7]\n", "model", "logits", "tiny-coder", "--jsonl", "--kv", "f32")).Lines.ToList();
        Assert.Equal([3, 1], result.Select(r => r.GetProperty("argmax").GetArrayLength()));
        var inspected = await JsonAsync("model", "inspect", "tiny-coder", "--json");
        Assert.Equal(inspected.GetProperty("vocabulary").GetInt32(), result[0].GetProperty("last_logits").GetArrayLength());
    }

    [Fact]
    public async Task A_tool_call_answers_as_json()
    {
        var folder = Directory.CreateTempSubdirectory("agentrt-tool-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "a.txt"), "one\n");
            var call = await JsonAsync("tools", "call", "read_file", "--args", "{\"path\": \"a.txt\"}", "--repo", folder, "--approval", "never", "--json");
            Assert.Equal((true, "1: one"), (call.GetProperty("ok").GetBoolean(), call.GetProperty("result").GetString()));
            var failed = await JsonAsync(1, "tools", "call", "write_file", "--args", "{\"path\": \"b\", \"content\": \"\"}", "--repo", folder, "--approval", "never", "--json");
            Assert.Equal("denied", failed.GetProperty("error").GetProperty("kind").GetString());
        }
        finally { Directory.Delete(folder, true); }
    }

    [Fact]
    public async Task Tools_are_listed_in_order_with_their_schemas()
    {
        var tools = (await JsonAsync("tools", "list", "--json")).EnumerateArray().ToList();
        Assert.Equal(
            ["edit_file", "git_diff", "list_files", "read_file", "run_command", "search", "write_file"], tools.Select(t => t.GetProperty("name").GetString()));
        Assert.Equal(["path", "old", "new"], tools[0].GetProperty("parameters").GetProperty("properties").EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Every_command_explains_itself_with_an_example()
    {
        foreach (var command in new[] { "run", "demo", "runs list", "runs show", "runs resume", "chat", "generate", "model inspect", "model tokenize", "model detokenize", "model render", "model logits", "model synthesize", "model pull", "model list", "model remove", "tools list", "tools call", "workflow validate", "workflow plan", "workflow graph", "workflow schema", "doctor" })
        {
            using var output = new StringWriter();
            Assert.Equal(0, await CommandLine.RunAsync([.. command.Split(' '), "--help"], output, output));
            Assert.Contains("Example: ", output.ToString(), StringComparison.Ordinal);
        }
    }

    private static Task<JsonElement> JsonAsync(params string[] arguments) => JsonAsync(0, arguments);

    private static async Task<JsonElement> JsonAsync(int code, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal((code, ""), (await CommandLine.RunAsync(arguments, output, error), error.ToString()));
        return JsonDocument.Parse(output.ToString()).RootElement;
    }
}
