using System.Security.Cryptography;
using System.Text;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine;

/// <summary>
/// A loaded model that serves any number of sessions side by side. One thread of its own computes (see
/// <see cref="EngineLoop.Step"/>); all members may be called from any thread.
/// </summary>
public sealed class InferenceEngine : IAsyncDisposable, IDisposable
{
    private readonly IDisposable? _owned;
    private int _disposed;

    /// <summary>Creates an engine over a runner, for embedding and tests.</summary>
    /// <param name="runner">The model. The engine disposes it.</param>
    /// <param name="tokenizer">Its vocabulary.</param>
    /// <param name="options">Limits; the KV cache is the runner's, so its type and memory limit do not matter here.</param>
    /// <param name="chatTemplateSource">The chat template, or null.</param>
    /// <param name="fingerprint">What tells this model from others in suspended sessions; by default its hyperparameters.</param>
    /// <param name="owned">Something to dispose after the runner, for instance the model file.</param>
    /// <exception cref="EngineException">An option is out of range, or the context does not fit into the runner's KV blocks.</exception>
    public InferenceEngine(
        IModelRunner runner, Tokenizer tokenizer, EngineOptions? options = null, string? chatTemplateSource = null,
        string? fingerprint = null, IDisposable? owned = null)
        : this(runner, tokenizer, options ?? new(), chatTemplateSource, fingerprint, owned, ownThread: true)
    {
    }

    internal InferenceEngine(
        IModelRunner runner, Tokenizer tokenizer, EngineOptions options, string? chatTemplateSource,
        string? fingerprint, IDisposable? owned, bool ownThread)
    {
        options.Validate();
        (Runner, Tokenizer, Options, ChatTemplateSource, _owned) = (runner, tokenizer, options, chatTemplateSource, owned);
        ContextLength = FittingContext(runner, options);
        // Blocks look different on a GPU and on the processor, so a session belongs to its division of the layers.
        var division = runner.Options.GpuLayers is { } layers ? $" {layers}" : "";
        Fingerprint = SHA256.HashData(Encoding.UTF8.GetBytes($"{runner.GetType().FullName}{division}\n{fingerprint ?? runner.Config.ToString()}"));
        TextTokens = new TextTokenMap(tokenizer);
        Loop = new EngineLoop(runner, options, ownThread);
        EngineDiagnostics.Watch(this);
    }

    /// <summary>Loads a model from a GGUF file or a Hugging Face folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="options">Limits, KV cache, device; defaults when null.</param>
    /// <param name="progress">Receives the share of the weights that is ready, 0 to 1.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="ModelFormatException">The model is damaged, or of a family or type that is not supported.</exception>
    /// <exception cref="EngineException">It does not exist, an option is out of range, or the context does not fit into memory.</exception>
    public static Task<InferenceEngine> LoadAsync(
        string path, EngineOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => EngineLoader.Load(path, options ?? new(), progress, cancellationToken), cancellationToken);

    /// <summary>The model's hyperparameters.</summary>
    public ModelConfig Model => Runner.Config;

    /// <summary>Text to tokens and back.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The model's chat template (Jinja), or null when it has none.</summary>
    public string? ChatTemplateSource { get; }

    /// <summary>What texts became which tokens, for callers that send the whole history as text each time.</summary>
    public TextTokenMap TextTokens { get; }

    /// <summary>Most tokens in a session.</summary>
    public int ContextLength { get; }

    /// <summary>The options that it was made with.</summary>
    public EngineOptions Options { get; }

    /// <summary>How full it is; a momentary view.</summary>
    public EngineStatistics Statistics => Loop.Statistics;

    /// <summary>Why the model's GPU computes no more; null while it does. Every request fails until the model is loaded again, in this process or another.</summary>
    public CudaException? DeviceFault => Loop.DeviceFault;

    internal IModelRunner Runner { get; }

    internal EngineLoop Loop { get; }

    /// <summary>What tells this model from others, 32 bytes.</summary>
    internal ReadOnlyMemory<byte> Fingerprint { get; }

    /// <summary>
    /// Starts an empty session. When its first tokens are computed, whatever is resident of the same beginning is
    /// reused, whoever computed it.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The engine was shut down.</exception>
    public Session CreateSession()
    {
        var sequence = new Sequence();
        Loop.Post(() => Loop.Cache.Open(sequence));
        return new Session(this, sequence);
    }

    /// <summary>Brings back a session from a file of <see cref="Session.SuspendAsync(string, CancellationToken)"/>. The file stays.</summary>
    /// <exception cref="SnapshotException">It is damaged, foreign or of another model; compute its tokens again.</exception>
    /// <exception cref="ContextOverflowException">It does not fit into the KV cache.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<Session> ResumeSessionAsync(string path, CancellationToken cancellationToken = default)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
        return await ResumeSessionAsync(file, cancellationToken);
    }

    /// <summary>The same from a stream that can seek.</summary>
    public async Task<Session> ResumeSessionAsync(Stream source, CancellationToken cancellationToken = default) =>
        new(this, await SessionSnapshot.ReadAsync(source, this, cancellationToken));

    /// <summary>Checks the bookkeeping of the KV cache, for tests.</summary>
    /// <exception cref="InvalidOperationException">It is inconsistent: a defect of the engine.</exception>
    public Task CheckIntegrityAsync() => Loop.InvokeAsync(() =>
    {
        KvCacheInvariants.CheckIntegrity(Loop.Cache);
        return true;
    });

    /// <summary>Ends the engine: running requests fail, the model is released.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) await Task.Run(Shutdown);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) Shutdown();
    }

    /// <exception cref="EngineException">An id is not in the vocabulary.</exception>
    internal void CheckTokens(ReadOnlySpan<int> tokens)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)Model.VocabularySize)
                throw new EngineException($"Token {tokens[i]} at position {i} is not in the vocabulary of {Model.VocabularySize} entries.");
        }
    }

    private static int FittingContext(IModelRunner runner, EngineOptions options)
    {
        var context = KvBudget.Context(runner.Config, options);
        var fitting = (int)Math.Min(int.MaxValue, (runner.Options.KvBlocks - 1L) * RunnerOptions.BlockTokens);
        if (options.ContextLength is null) context = Math.Min(context, fitting);
        return context <= fitting && context > 0
            ? context
            : throw new EngineException($"A context of {context} tokens does not fit into {runner.Options.KvBlocks} KV blocks.");
    }

    private void Shutdown()
    {
        EngineDiagnostics.Unwatch(this);
        Loop.Stop();
        Runner.Dispose();
        _owned?.Dispose();
    }
}
