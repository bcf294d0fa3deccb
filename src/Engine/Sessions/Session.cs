using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Scheduling;

namespace AgentRuntime.Engine.Sessions;

/// <summary>
/// A conversation with the model: an append-only list of token ids whose keys and values stay resident, so that a call
/// costs its new tokens only. Generated ids are kept as they are. The token generated last is computed together with
/// what is appended next; nothing is ever computed twice.
/// </summary>
/// <remarks>
/// For one caller at a time: while a request runs, everything but <see cref="Dispose"/> throws
/// <see cref="InvalidOperationException"/>. Different sessions run side by side.
/// </remarks>
public sealed class Session : IDisposable
{
    private readonly InferenceEngine _engine;
    private readonly Sequence _sequence;
    private int _busy;
    private volatile bool _disposed;

    internal Session(InferenceEngine engine, Sequence sequence) => (_engine, _sequence) = (engine, sequence);

    /// <summary>The token ids so far, prompt and generated, the last generated one included.</summary>
    /// <exception cref="InvalidOperationException">A request is running.</exception>
    public IReadOnlyList<int> Tokens
    {
        get
        {
            ThrowIfUnusable();
            return _sequence.Tokens;
        }
    }

    /// <summary>Number of <see cref="Tokens"/>.</summary>
    public int Length => Tokens.Count;

    /// <summary>Adds tokens at the end. They are computed with the next request.</summary>
    /// <exception cref="EngineException">An id is not in the vocabulary; nothing was added.</exception>
    /// <exception cref="ContextOverflowException">The context would be too long; nothing was added.</exception>
    public void Append(ReadOnlySpan<int> tokens)
    {
        ThrowIfUnusable();
        _engine.CheckTokens(tokens);
        var length = (long)_sequence.Tokens.Count + tokens.Length;
        if (length > _engine.ContextLength) throw new ContextOverflowException(length, _engine.ContextLength);
        _sequence.Tokens.AddRange(tokens);
    }

    /// <summary>
    /// Generates after the last token: an event per token, then one with reason and usage. Ends also when the context
    /// is full (<see cref="FinishReason.Length"/>). On cancellation the last event says so; nothing is thrown. Tokens
    /// of a stop sequence remain in <see cref="Tokens"/>; rewind where they should not.
    /// </summary>
    /// <exception cref="EngineException">The session is empty, an option is out of range, or the model failed.</exception>
    /// <exception cref="GrammarException">The constraint cannot be held to; nothing was computed.</exception>
    /// <exception cref="ContextOverflowException">No room for even one token, or the KV cache cannot hold it; nothing was computed.</exception>
    /// <exception cref="EngineBusyException">Too many requests are waiting.</exception>
    public async IAsyncEnumerable<TokenEvent> GenerateAsync(
        GenerationOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var turn = new Turn(this);
        RequireTokens();
        if (Count >= _engine.ContextLength) throw new ContextOverflowException(Count + 1L, _engine.ContextLength);
        var request = new GenerateRequest(_sequence, Constrained(options ?? new()), _engine.Tokenizer, _engine.ContextLength, _engine.Options, _engine.Model.Name);
        _engine.Loop.Submit(request);
        options?.PrefillProgress?.Report(new(0, Count));
        using var activity = EngineDiagnostics.Activities.StartActivity("generate");
        await using var registration = CancelWith(request, cancellationToken);
        try
        {
            // The token of the caller is not passed on: the engine ends the stream with a last event.
            await foreach (var tokenEvent in request.Events.ReadAllAsync(CancellationToken.None))
            {
                if (request.IsPaused) _engine.Loop.Wake();
                if (tokenEvent.Usage is { } usage) EngineDiagnostics.Describe(activity, usage);
                yield return tokenEvent;
            }
        }
        finally
        {
            // When the caller leaves early, the engine has to let go of the session first.
            Cancel(request);
            await request.Completion;
        }
    }

    private GenerationOptions Constrained(GenerationOptions options)
    {
        options.Validate();
        return options.Constraint is { } constraint
            ? options with { Constraint = null, TokenMask = TokenGrammar.Compile(constraint, _engine.Tokenizer).CreateMask() }
            : options;
    }

    /// <summary>Computes what was appended, all but the last token, so that a later generation starts at once.</summary>
    /// <returns>What it cost, with no output tokens.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; what was computed stays.</exception>
    /// <exception cref="ContextOverflowException">The KV cache cannot hold it; nothing was computed.</exception>
    /// <exception cref="EngineBusyException">Too many requests are waiting.</exception>
    public async Task<Usage> PrefillAsync(CancellationToken cancellationToken = default)
    {
        using var turn = new Turn(this);
        RequireTokens();
        var request = new PrefillRequest(_sequence, _engine.Options.TimeProvider);
        return await RunAsync(request, request.Result, cancellationToken);
    }

    /// <summary>
    /// Computes all tokens of the session, without reuse of resident blocks, and reports what the model expects after
    /// each. Memory stays bounded: logits are looked at in chunks.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ContextOverflowException">The KV cache cannot hold it; nothing was computed.</exception>
    /// <exception cref="EngineBusyException">Too many requests are waiting.</exception>
    public async Task<SequenceLogits> ForwardLogitsAsync(CancellationToken cancellationToken = default)
    {
        using var turn = new Turn(this);
        RequireTokens();
        var request = new LogitsRequest(_sequence, _engine.Model.VocabularySize, _engine.Options.TimeProvider);
        return await RunAsync(request, request.Result, cancellationToken);
    }

    /// <summary>A second session with the same history. Computed blocks are shared and copied only when one side writes to them.</summary>
    public Session Fork()
    {
        ThrowIfUnusable();
        var child = new Sequence { Tokens = [.. _sequence.Tokens] };
        _engine.Loop.Post(() => _engine.Loop.Cache.Fork(_sequence, child));
        return new Session(_engine, child);
    }

    /// <summary>Remembers this point of the history.</summary>
    public SessionCheckpoint Checkpoint()
    {
        ThrowIfUnusable();
        return new(_sequence.Tokens);
    }

    /// <summary>Goes back to a checkpoint. The blocks after it are let go.</summary>
    /// <exception cref="EngineException">The session's history does not begin with the checkpoint's.</exception>
    public void Rewind(SessionCheckpoint checkpoint)
    {
        ThrowIfUnusable();
        if (!checkpoint.IsPrefixOf(_sequence.Tokens))
            throw new EngineException("The checkpoint is of another history; rewind to one that was taken on this session's way.");
        _sequence.Tokens.RemoveRange(checkpoint.Length, Count - checkpoint.Length);
        _engine.Loop.Post(() => _engine.Loop.Cache.Truncate(_sequence, checkpoint.Length));
    }

    /// <summary>
    /// Writes tokens, keys and values to a checksummed file and closes the session;
    /// <see cref="InferenceEngine.ResumeSessionAsync(string, CancellationToken)"/> brings it back. The file appears only
    /// when it is whole; when writing fails, the session goes on as it was.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public async Task SuspendAsync(string path, CancellationToken cancellationToken = default)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        using var turn = new Turn(this);
        try
        {
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, useAsync: true))
                await SessionSnapshot.WriteAsync(file, _engine, _sequence, cancellationToken);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        Dispose();
    }

    /// <summary>The same to a stream, for instance in memory; on failure the stream holds a useless part.</summary>
    public async Task SuspendAsync(Stream destination, CancellationToken cancellationToken = default)
    {
        using var turn = new Turn(this);
        await SessionSnapshot.WriteAsync(destination, _engine, _sequence, cancellationToken);
        Dispose();
    }

    /// <summary>
    /// Ends the session and what it is computing. Its blocks become a cache for sessions with the same beginning,
    /// until their space is needed.
    /// </summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _engine.Loop.Close(_sequence);
    }

    private int Count => _sequence.Tokens.Count;

    private async Task<T> RunAsync<T>(EngineRequest request, Task<T> result, CancellationToken cancellationToken)
    {
        _engine.Loop.Submit(request);
        await using var registration = CancelWith(request, cancellationToken);
        await request.Completion;
        return await result;
    }

    private CancellationTokenRegistration CancelWith(EngineRequest request, CancellationToken cancellationToken) =>
        cancellationToken.Register(() => Cancel(request));

    private void Cancel(EngineRequest request)
    {
        request.Cancel();
        _engine.Loop.Wake();
    }

    private void RequireTokens()
    {
        if (Count == 0) throw new EngineException("The session is empty; append a prompt first.");
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Volatile.Read(ref _busy) != 0) throw new InvalidOperationException("A request is running on this session.");
    }

    /// <summary>The session's tokens belong to the engine while this lives.</summary>
    private readonly struct Turn : IDisposable
    {
        private readonly Session _session;

        public Turn(Session session)
        {
            ObjectDisposedException.ThrowIf(session._disposed, session);
            if (Interlocked.Exchange(ref session._busy, 1) != 0) throw new InvalidOperationException("A request is running on this session.");
            _session = session;
        }

        public void Dispose() => Volatile.Write(ref _session._busy, 0);
    }
}
