using AgentRuntime.Engine;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.SemanticKernel.Tests;

/// <summary>A real engine with a small model of random weights that wants to write what a test says, see <see cref="ScriptedRunner"/>.</summary>
internal sealed class ScriptedModel : IAsyncDisposable
{
    private static readonly Lazy<string> File = new(() =>
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("agentrt-sk-").FullName, "tiny-test.gguf");
        ModelSynthesizer.Write("tiny-test", "Q8_0", path);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(path)!, true);
        return path;
    });

    private readonly Queue<int[]> _replies;

    private readonly Backend _backend;

    private ScriptedModel(InferenceEngine engine, Backend backend, Queue<int[]> replies) => (Engine, _backend, _replies) = (engine, backend, replies);

    /// <summary>The model's file.</summary>
    public static string ModelPath => File.Value;

    public InferenceEngine Engine { get; }

    /// <summary>Tokens that went through the model, counted where they did.</summary>
    public long Computed => _backend.Runner!.Computed;

    /// <summary>Tokens of the longest conversation; the last of them never goes through the model.</summary>
    public int LongestContext => _backend.Runner!.LongestContext + 1;

    /// <summary>Replies that were not asked for.</summary>
    public int Left => _replies.Count;

    public static async Task<ScriptedModel> LoadAsync(EngineOptions? options = null)
    {
        Queue<int[]> replies = [];
        var backend = new Backend(replies);
        return new(await InferenceEngine.LoadAsync(ModelPath, (options ?? new()) with { Threads = 1, Backend = backend }), backend, replies);
    }

    /// <summary>A call as the model's family writes it.</summary>
    public static string Call(string name, string arguments = "{}") => $$"""<tool_call>{{"\n"}}{"name": "{{name}}", "arguments": {{arguments}}}{{"\n"}}</tool_call>""";

    /// <summary>What the model wants to reply, one after the other.</summary>
    public void Wants(params string[] replies)
    {
        foreach (var reply in replies) _replies.Enqueue([.. Engine.Tokenizer.Encode(reply, parseSpecial: true), Engine.Tokenizer.Find("<|im_end|>")!.Value]);
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.CheckIntegrityAsync();
        await Engine.DisposeAsync();
    }

    private sealed class Backend(Queue<int[]> replies) : IBackend
    {
        private readonly CpuBackend _cpu = new();

        public ScriptedRunner? Runner { get; private set; }

        public string Name => _cpu.Name;

        public LoadPlan Plan(ModelFile model, LoadRequest request) => _cpu.Plan(model, request);

        public IModelRunner LoadModel(ModelFile model, RunnerOptions options, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
            Runner = new ScriptedRunner(_cpu.LoadModel(model, options, progress, cancellationToken), replies);
    }
}
