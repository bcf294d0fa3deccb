using System.ClientModel;
using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Tokenization;
using OpenAI;

namespace AgentRuntime.Server.Tests;

/// <summary>A server on a free port of this machine, over a <see cref="ScriptedModel"/>.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string Model = "scripted";
    private readonly InferenceEngine _engine;
    private readonly int _blocks;

    private TestServer(InferenceEngine engine, ScriptedModel script, InferenceServer server, ConcurrentQueue<string> log)
    {
        (_engine, Script, Server, Log) = (engine, script, server, log);
        _blocks = engine.Statistics.KvBlocksFree;
        // A response that is let go closes its connection at once, instead of reading on for a while.
        Http = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = server.Address };
        if (server.Address.Scheme != "http") throw new InvalidOperationException(server.Address.ToString());
    }

    public InferenceServer Server { get; }

    public ScriptedModel Script { get; }

    public HttpClient Http { get; }

    public ConcurrentQueue<string> Log { get; }

    public EngineStatistics Statistics => _engine.Statistics;

    public int ContextLength => _engine.ContextLength;

    /// <summary>OpenAI's own client. It does not try again, so that each error shows.</summary>
    public OpenAIClient OpenAI(string key = "none") => new(new ApiKeyCredential(key), new OpenAIClientOptions
    {
        Endpoint = new Uri(Server.Address, "/v1"),
        RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0),
    });

    public static async Task<TestServer> StartAsync(Func<ServerOptions, ServerOptions>? change = null, EngineOptions? engineOptions = null)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("agentrt-server-").FullName, "model.gguf");
        ModelSynthesizer.Write("tiny-test", "Q8_0", path);
        try
        {
            using var file = ModelLoader.Open(path);
            var tokenizer = TokenizerFactory.Create(file.Vocabulary!);
            var script = new ScriptedModel(file.RequireConfig() with { Name = Model }, tokenizer, blocks: 512);
            var engine = new InferenceEngine(script, tokenizer, engineOptions, file.ChatTemplate);
            ConcurrentQueue<string> log = [];
            var options = new ServerOptions { Port = 0, Log = log.Enqueue };
            try
            {
                return new(engine, script, await InferenceServer.StartAsync(engine, change?.Invoke(options) ?? options), log);
            }
            catch
            {
                await engine.DisposeAsync();
                throw;
            }
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, true);
        }
    }

    public Task<HttpResponseMessage> PostAsync(string path, object body) => Http.PostAsJsonAsync(path, body);

    /// <summary>Posts and returns the answer, which must be a success.</summary>
    public async Task<JsonElement> AskAsync(string path, object body)
    {
        using var response = await PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    /// <summary>Posts and returns the data of the events of the stream; comments as they are.</summary>
    public async Task<List<string>> StreamAsync(string path, object body)
    {
        using var response = await PostAsync(path, body);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var text = await response.Content.ReadAsStringAsync();
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(e => e.StartsWith("data: ", StringComparison.Ordinal) ? e[6..] : e)];
    }

    /// <summary>Waits until nothing is computed any more.</summary>
    public async Task IdleAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (_engine.Statistics is { Running: > 0 } or { Waiting: > 0 }) await Task.Delay(5, limit.Token);
    }

    /// <summary>Ends the test: every block must be free or cached.</summary>
    public async ValueTask DisposeAsync()
    {
        Script.Gate.Set();
        Http.Dispose();
        await Server.DisposeAsync();
        await _engine.CheckIntegrityAsync();
        Assert.Equal(_blocks, _engine.Statistics.KvBlocksFree + _engine.Statistics.KvBlocksCached);
        await _engine.DisposeAsync();
    }
}
