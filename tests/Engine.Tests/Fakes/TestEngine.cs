using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Tests.Fakes;

/// <summary>An engine over a <see cref="FakeRunner"/> whose thread is the test: nothing runs until <see cref="Run{T}"/> or a step.</summary>
internal sealed class TestEngine : IDisposable
{
    public TestEngine(int blocks = 64, EngineOptions? options = null, KvType kvType = KvType.F16, ModelConfig? model = null, int hostSlots = 0)
    {
        Runner = new FakeRunner(blocks, kvType, hostSlots) { Config = model ?? FakeModel.Config };
        Engine = new InferenceEngine(Runner, new FakeTokenizer(), options ?? new(), null, null, null, ownThread: false);
    }

    public FakeRunner Runner { get; }

    public InferenceEngine Engine { get; }

    public Session Session(params ReadOnlySpan<int> tokens)
    {
        var session = Engine.CreateSession();
        session.Append(tokens);
        return session;
    }

    /// <summary>Drives the engine until the task is done.</summary>
    public T Run<T>(Task<T> task)
    {
        Run((Task)task);
        return task.GetAwaiter().GetResult();
    }

    public void Run(Task task)
    {
        do Engine.Loop.RunUntilIdle();
        while (!((IAsyncResult)task).AsyncWaitHandle.WaitOne(1));
        task.GetAwaiter().GetResult();
    }

    /// <summary>Generates to the end and returns the events.</summary>
    public List<TokenEvent> Generate(Session session, GenerationOptions options) => Run(Collect(session, options));

    /// <summary>Starts a generation; its request is posted before this returns.</summary>
    public static async Task<List<TokenEvent>> Collect(Session session, GenerationOptions options, CancellationToken cancellationToken = default)
    {
        var events = new List<TokenEvent>();
        await foreach (var tokenEvent in session.GenerateAsync(options, cancellationToken)) events.Add(tokenEvent);
        return events;
    }

    /// <summary>What the session must generate: the model asked directly, without engine or KV cache.</summary>
    public static List<int> Expected(IEnumerable<int> prompt, GenerationOptions options, int contextLength = 4096)
    {
        var sampler = new Sampler(options);
        var tokens = prompt.ToList();
        for (var i = 0; i < options.MaxTokens && tokens.Count < contextLength; i++)
        {
            tokens.Add(sampler.Sample(FakeModel.Logits(tokens), tokens.ToArray()).Token);
            if (!options.IgnoreEos && tokens[^1] == FakeTokenizer.End) break;
        }
        return tokens;
    }

    public void CheckIntegrity()
    {
        Engine.Loop.RunUntilIdle();
        KvCacheInvariants.CheckIntegrity(Engine.Loop.Cache);
    }

    /// <summary>Ends the test: everything must be in order, and every block free or cached.</summary>
    public void Dispose()
    {
        CheckIntegrity();
        Engine.Dispose();
    }

    public static int[] Tokens(int seed, int count)
    {
        var random = new SplitMix64((ulong)seed);
        return [.. Enumerable.Range(0, count).Select(_ => (int)(random.NextBits() % FakeModel.Vocabulary))];
    }
}
