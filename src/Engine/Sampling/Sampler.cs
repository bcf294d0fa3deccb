using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Sampling;

/// <summary>
/// Chooses the tokens of one generation, or lets a runner choose them: then <see cref="NextRule"/> says how, and
/// <see cref="Accept"/> takes what was chosen. Both ways use the same random numbers in the same order.
/// </summary>
internal sealed class Sampler
{
    private readonly GenerationOptions _options;
    private readonly TokenChooser _chooser = new();
    private readonly HashSet<int> _seen = [];
    private readonly AllowedTokens? _allowed;
    private Exception? _maskError;
    private int[] _penalised = [];
    private float[] _unchanged = [];
    private SplitMix64 _random;

    /// <exception cref="EngineException">An option is out of its range.</exception>
    public Sampler(GenerationOptions options)
    {
        options.Validate();
        _options = options;
        _allowed = options.TokenMask is null ? null : AllowedOrNothing;
        _random = new SplitMix64(options.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));
    }

    /// <summary>How the next token is chosen; takes a random number when it needs one.</summary>
    /// <param name="history">The tokens so far.</param>
    public SamplingRule NextRule(ReadOnlySpan<int> history) => new()
    {
        Temperature = _options.Temperature,
        TopK = _options.TopK,
        TopP = _options.TopP,
        MinP = _options.MinP,
        Uniform = _options.Temperature == 0 ? 0 : _random.NextDouble(),
        Penalty = _options.RepetitionPenalty,
        Penalised = Penalised(history),
        Allowed = _allowed,
    };

    /// <summary>Takes note of the token that was chosen by the last rule.</summary>
    /// <exception cref="EngineException">It is -1: there is none.</exception>
    public void Accept(int token)
    {
        if (_maskError is not null) ExceptionDispatchInfo.Throw(_maskError);
        if (token < 0) throw NoToken();
        _options.TokenMask?.Accept(token);
    }

    /// <summary>Chooses the next token.</summary>
    /// <param name="logits">One value per vocabulary entry; mask and penalty change them.</param>
    /// <param name="history">The tokens so far.</param>
    /// <exception cref="EngineException">No token can be chosen: nothing is allowed, or the model gave no number.</exception>
    public SampledToken Sample(Span<float> logits, ReadOnlySpan<int> history)
    {
        var unchanged = _options.LogProbabilities ? Copy(logits) : default;
        var token = _chooser.Choose(logits, NextRule(history));
        Accept(token);
        if (!_options.LogProbabilities) return new(token, null);
        var max = unchanged[LogitMath.ArgMax(unchanged)];
        if (!float.IsFinite(max)) throw NoToken();
        var total = (float)Math.Log(LogitMath.SumExp(unchanged, max, temperature: 1));
        return new(token, unchanged[token] - max - total, _options.TopLogProbabilities > 0 ? MostProbable(unchanged, max + total) : null);
    }

    private static EngineException NoToken() => new("No token can follow: no token is allowed, or the model computed no finite number.");

    private ReadOnlySpan<float> Copy(ReadOnlySpan<float> logits)
    {
        if (_unchanged.Length != logits.Length) _unchanged = new float[logits.Length];
        logits.CopyTo(_unchanged);
        return _unchanged;
    }

    private ReadOnlyMemory<int> Penalised(ReadOnlySpan<int> history)
    {
        if (_options.RepetitionPenalty == 1) return default;
        _seen.Clear();
        foreach (var token in history[^Math.Min(_options.RepetitionWindow, history.Length)..]) _seen.Add(token);
        if (_penalised.Length < _seen.Count) _penalised = new int[Math.Max(_seen.Count, Math.Min(_options.RepetitionWindow, 1024))];
        _seen.CopyTo(_penalised);
        return _penalised.AsMemory(0, _seen.Count);
    }

    /// <summary>What the mask allows. Its error ends this generation alone, not the pass that others are in: see <see cref="Accept"/>.</summary>
    private ReadOnlySpan<ulong> AllowedOrNothing()
    {
        try
        {
            return _options.TokenMask!.Allowed;
        }
        catch (Exception error)
        {
            _maskError = error;
            return [0UL];
        }
    }

    private TokenProbability[] MostProbable(ReadOnlySpan<float> logits, float total) =>
        [.. _chooser.Top(logits, _options.TopLogProbabilities, float.MinValue).Select(t => new TokenProbability(t.Token, t.Logit - total))];
}
