using System.Runtime.InteropServices;
using System.Threading.Channels;
using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Scheduling;

/// <summary>Computes what is pending and generates, one event per token.</summary>
internal sealed class GenerateRequest : EngineRequest
{
    /// <summary>Most tokens that are forced at once, and how many before them decide how they are cut.</summary>
    private const int MaxForced = 256, ForcedContext = 8;

    private readonly GenerationOptions _options;
    private readonly Tokenizer _tokenizer;
    private readonly int _lengthLimit;
    private readonly int _eventBuffer;
    private readonly string _model;
    private readonly Channel<TokenEvent> _events;
    private readonly Sampler _sampler;
    private readonly GeneratedText _text;
    private readonly List<int> _forced = [];
    private SampledToken? _sampled;
    private int _forcedTokens;
    private FinishReason _reason;
    private int _outputTokens;
    private TimeSpan _firstToken;
    private TimeSpan _lastToken;
    private volatile bool _paused;

    /// <exception cref="EngineException">An option is out of its range.</exception>
    /// <param name="sequence">What to continue; not empty.</param>
    /// <param name="options">How to generate.</param>
    /// <param name="tokenizer">Gives the events their text.</param>
    /// <param name="contextLength">Most tokens in the sequence.</param>
    /// <param name="engine">Buffer and clock.</param>
    /// <param name="model">The model's name, for telemetry.</param>
    public GenerateRequest(Sequence sequence, GenerationOptions options, Tokenizer tokenizer, int contextLength, EngineOptions engine, string model)
        // The token generated last is not computed.
        : base(sequence, LengthLimit(sequence, options, contextLength) - 1, engine.TimeProvider)
    {
        _sampler = new Sampler(options);
        _options = options;
        _tokenizer = tokenizer;
        _lengthLimit = LengthLimit(sequence, options, contextLength);
        _text = new GeneratedText(tokenizer, options.StopSequences);
        _model = model;
        _eventBuffer = engine.EventBuffer;
        _events = Channel.CreateBounded<TokenEvent>(new BoundedChannelOptions(_eventBuffer + MaxForced) { SingleWriter = true, SingleReader = true });
    }

    public ChannelReader<TokenEvent> Events => _events.Reader;

    /// <summary>Whether the engine waits for the reader and must be woken when it has read.</summary>
    public bool IsPaused => _paused;

    public override int ReusableLength => Sequence.Tokens.Count - 1;

    public override bool IsDecoding => _outputTokens > 0;

    public override bool CanDeliver()
    {
        if (HasRoom()) return true;
        // Announce the pause before looking again: a reader that made room in between either is seen here or sees it.
        _paused = true;
        Interlocked.MemoryBarrier();
        _paused = !HasRoom();
        return !_paused;
    }

    public override int LogitRows(int end, int count) => end == Target ? 1 : 0;

    public override void CountPass(int tokens, TimeSpan elapsed)
    {
        base.CountPass(tokens, elapsed);
        if (!IsDecoding) _options.PrefillProgress?.Report(new(Sequence.Computed, Target));
    }

    public override bool NeedsLogits => _options.LogProbabilities;

    public override SamplingRule NextRule() => _sampler.NextRule(CollectionsMarshal.AsSpan(Sequence.Tokens));

    public override void Take(int token)
    {
        _sampler.Accept(token);
        GoOn(new SampledToken(token, null));
    }

    public override void Sample(Span<float> logits, int rows) => GoOn(_sampler.Sample(logits, CollectionsMarshal.AsSpan(Sequence.Tokens)));

    private void GoOn(SampledToken sampled)
    {
        _sampled = sampled;
        if (_options.TokenMask is not { } mask) return;
        if (_options.JumpForward) Force(mask, sampled.Token);
        mask.Prepare();
    }

    private void Force(ITokenMask mask, int last)
    {
        var history = CollectionsMarshal.AsSpan(Sequence.Tokens);
        foreach (var token in mask.Forced([.. history[^Math.Min(ForcedContext - 1, history.Length)..], last]))
        {
            if (_forced.Count == MaxForced) break;
            mask.Accept(token);
            _forced.Add(token);
        }
    }

    public override bool Commit()
    {
        if (_sampled is not { } sampled) return false;
        _sampled = null;
        _lastToken = Age;
        if (_outputTokens == 0) _firstToken = _lastToken;
        var ended = Emit(sampled.Token, sampled.LogProbability, sampled.Likeliest);
        foreach (var token in _forced)
        {
            if (ended) break;
            _forcedTokens++;
            ended = Emit(token, _options.LogProbabilities ? 0 : null);
        }
        _forced.Clear();
        return ended;
    }

    /// <summary>Adds a token to the sequence and tells of it; true when the reply ends with it.</summary>
    private bool Emit(int token, float? logProbability, IReadOnlyList<TokenProbability>? likeliest = null)
    {
        Sequence.Tokens.Add(token);
        _outputTokens++;
        Write(new TokenEvent { Token = token, Text = _text.Push(token), LogProbability = logProbability, TopLogProbabilities = likeliest, Time = _lastToken });
        var ended = _text.Stopped || (!_options.IgnoreEos && _tokenizer.EndTokens.Contains(token));
        _reason = ended ? FinishReason.Stop : FinishReason.Length;
        return ended || Sequence.Tokens.Count >= _lengthLimit;
    }

    protected override void Deliver(FinishReason reason)
    {
        if (reason != FinishReason.Cancelled) reason = _reason;
        var usage = UsageSoFar(_outputTokens, _firstToken, _lastToken - _firstToken) with { ForcedTokens = _forcedTokens };
        EngineDiagnostics.RecordEnd(_options.Operation, _model, Age, usage, reason == FinishReason.Cancelled ? "cancelled" : null);
        Write(new TokenEvent { Text = _text.Finish(), FinishReason = reason, Usage = usage, Time = Age });
        _events.Writer.Complete();
    }

    protected override void DeliverError(EngineException error)
    {
        EngineDiagnostics.RecordEnd(_options.Operation, _model, Age, null, error.GetType().Name);
        _events.Writer.Complete(error);
    }

    private static int LengthLimit(Sequence sequence, GenerationOptions options, int contextLength) =>
        (int)Math.Min(contextLength, (long)sequence.Tokens.Count + options.MaxTokens);

    // Room for a token's event and the last one; forced tokens have room of their own.
    private bool HasRoom() => _events.Reader.Count <= _eventBuffer - 2;

    private void Write(TokenEvent tokenEvent)
    {
        if (!_events.Writer.TryWrite(tokenEvent)) throw new InvalidOperationException("A token was generated without room for its event.");
    }
}
