using AgentRuntime.Engine.Chat;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Tests.Chat.ToolCalls;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Chat;

/// <summary>Requests that say whether tools are called, to a model of random weights, which of itself never calls one.</summary>
public sealed class ToolModeTests : IAsyncLifetime
{
    private static readonly AIFunctionDeclaration[] Tools = [.. ToolSets.All.Where(tool => tool.Name is "read_file" or "weather" or "now")];
    private static readonly AIFunctionDeclaration Unsupported = ToolSets.Tool("odd", """{"type":"object","properties":{"x":{"type":"object","unevaluatedProperties":{"type":"string"}}}}""");
    private readonly string _folder = Directory.CreateTempSubdirectory("agentrt-toolmode-").FullName;
    private InferenceEngine _engine = null!;
    private EngineChatClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        var path = Path.Combine(_folder, "model.gguf");
        ModelSynthesizer.Write("tiny-test", "Q8_0", path);
        _engine = await InferenceEngine.LoadAsync(path, new() { Threads = 1 });
        _client = new(_engine);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _engine.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task A_required_call_comes_and_nothing_before_it()
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var response = await _client.GetResponseAsync("Hello", Options(ChatToolMode.RequireAny, seed));
            Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
            Assert.Empty(response.Text);
            Assert.All(Calls(response), call => Assert.Contains(Tools, tool => tool.Name == call.Name));
        }
    }

    [Fact]
    public async Task A_required_tool_is_the_one_that_is_called()
    {
        var call = Assert.Single(Calls(await _client.GetResponseAsync("Hello", Options(ChatToolMode.RequireSpecific("weather"), 1))));
        Assert.Equal("weather", call.Name);
        Assert.Null(call.Exception);
        Assert.True(call.Arguments!.ContainsKey("city") && call.Arguments.ContainsKey("unit"));
        var error = await Assert.ThrowsAsync<GrammarException>(() => _client.GetResponseAsync("Hello", Options(ChatToolMode.RequireSpecific("fly"), 1)));
        Assert.Contains("fly", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_calls_come_only_where_they_may()
    {
        var several = 0;
        for (var seed = 0; seed < 8; seed++)
        {
            var options = Options(ChatToolMode.RequireAny, seed);
            several = Math.Max(several, Calls(await _client.GetResponseAsync("Hello", options)).Count());
            options.AllowMultipleToolCalls = false;
            Assert.Single(Calls(await _client.GetResponseAsync("Hello", options)));
        }
        Assert.True(several > 1);
    }

    [Fact]
    public async Task Without_calls_no_call_is_begun()
    {
        var response = await _client.GetResponseAsync("Hello", Options(ChatToolMode.None, 1));
        Assert.DoesNotContain("<tool_call>", response.Text, StringComparison.Ordinal);
        Assert.Empty(Calls(response));
    }

    [Fact]
    public async Task A_tool_that_cannot_be_held_to_is_refused_by_name_or_loosened()
    {
        var options = Options(ChatToolMode.RequireAny, 1);
        options.Tools = [Unsupported];
        var error = await Assert.ThrowsAsync<GrammarException>(() => _client.GetResponseAsync("Hello", options));
        Assert.Contains("odd", error.Message, StringComparison.Ordinal);
        Assert.Contains("unevaluatedProperties", error.Message, StringComparison.Ordinal);

        using var loose = new EngineChatClient(_engine, new() { LoosenUnsupportedSchemas = true });
        Assert.All(Calls(await loose.GetResponseAsync("Hello", options)), call => Assert.Equal("odd", call.Name));
    }

    [Fact]
    public async Task Nothing_can_be_required_without_tools()
    {
        var options = Options(ChatToolMode.RequireAny, 1);
        options.Tools = [];
        await Assert.ThrowsAsync<GrammarException>(() => _client.GetResponseAsync("Hello", options));
    }

    private static ChatOptions Options(ChatToolMode mode, int seed) => new() { Tools = [.. Tools], ToolMode = mode, Temperature = 1.5f, Seed = seed, MaxOutputTokens = 3000 };

    private static IEnumerable<FunctionCallContent> Calls(ChatResponse response) => response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>();
}
