using System.Security.Cryptography;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Sampling;

/// <summary>
/// Chooses tokens from logits: mask and repetition penalty, then greedy, or temperature, top-k, top-p and min-p in this
/// order. The same options, seed and logits give the same tokens, whatever the version of .NET.
/// </summary>
internal sealed class Sampler
{
    /// <summary>Tokens e^40 times less likely than the likeliest are left out: all of a vocabulary weigh less than 1e-12 of it.</summary>
    private const float Negligible = 40;

    private readonly GenerationOptions _options;
    private readonly CandidateHeap _candidates = new();
    private readonly List<(float Logit, int Token)> _top = [];
    private readonly List<(int Token, double Weight)> _kept = [];
    private readonly List<double> _partSums = [];
    private readonly HashSet<int> _penalised = [];
    private float[] _unchanged = [];
    private SplitMix64 _random;

    /// <exception cref="EngineException">An option is out of its range.</exception>
    public Sampler(GenerationOptions options)
    {
        options.Validate();
        _options = options;
        _random = new SplitMix64(options.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));
    }

    /// <summary>Chooses the next token.</summary>
    /// <param name="logits">One value per vocabulary entry; mask and penalty change them.</param>
    /// <param name="history">The tokens so far.</param>
    /// <exception cref="EngineException">No token can be chosen: nothing is allowed, or the model gave no number.</exception>
    public SampledToken Sample(Span<float> logits, ReadOnlySpan<int> history)
    {
        var unchanged = _options.LogProbabilities ? Copy(logits) : default;
        Mask(logits);
        Penalise(logits, history);
        var likeliest = Likeliest(logits);
        var token = _options.Temperature == 0 ? likeliest : Draw(logits, logits[likeliest]);
        _options.TokenMask?.Accept(token);
        if (!_options.LogProbabilities) return new(token, null);
        var max = unchanged[Likeliest(unchanged)];
        var total = (float)Math.Log(LogitMath.SumExp(unchanged, max, temperature: 1));
        return new(token, unchanged[token] - max - total, _options.TopLogProbabilities > 0 ? MostProbable(unchanged, max + total) : null);
    }

    /// <summary>Passes a token on.</summary>
    /// <exception cref="EngineException">It is -1: there is none.</exception>
    public static int Check(int likeliest) =>
        likeliest >= 0 ? likeliest : throw new EngineException("No token can follow: no token is allowed, or the model computed no finite number.");

    private ReadOnlySpan<float> Copy(ReadOnlySpan<float> logits)
    {
        if (_unchanged.Length != logits.Length) _unchanged = new float[logits.Length];
        logits.CopyTo(_unchanged);
        return _unchanged;
    }

    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        var token = LogitMath.ArgMax(logits);
        return Check(token >= 0 && float.IsFinite(logits[token]) ? token : -1);
    }

    private void Mask(Span<float> logits)
    {
        if (_options.TokenMask is null) return;
        var allowed = _options.TokenMask.Allowed;
        if (allowed.IsEmpty) return;
        for (var start = 0; start < logits.Length; start += 64)
        {
            var bits = start / 64 < allowed.Length ? allowed[start / 64] : 0;
            if (bits == ulong.MaxValue) continue;
            var group = logits[start..Math.Min(start + 64, logits.Length)];
            for (var i = 0; i < group.Length; i++)
            {
                if ((bits >> i & 1) == 0) group[i] = float.NegativeInfinity;
            }
        }
    }

    private void Penalise(Span<float> logits, ReadOnlySpan<int> history)
    {
        var penalty = _options.RepetitionPenalty;
        if (penalty == 1) return;
        _penalised.Clear();
        foreach (var token in history[^Math.Min(_options.RepetitionWindow, history.Length)..])
        {
            if (_penalised.Add(token)) logits[token] = logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty;
        }
    }

    private TokenProbability[] MostProbable(ReadOnlySpan<float> logits, float total)
    {
        _top.Clear();
        KeepTop(logits, _options.TopLogProbabilities, float.MinValue);
        return [.. _top.Select(t => new TokenProbability(t.Token, t.Logit - total))];
    }

    private int Draw(ReadOnlySpan<float> logits, float max)
    {
        _kept.Clear();
        if (_options.TopK > 0) KeepTopK(logits, max);
        else if (_options.TopP < 1) KeepTopP(logits, max);
        else if (_options.MinP > 0) KeepAtLeast(logits, max + _options.Temperature * MathF.Log(_options.MinP), max);
        else return ChooseFromAll(logits, max);
        return Choose();
    }

    /// <summary>Keeps the k likeliest, in order. Top-p counts among them.</summary>
    private void KeepTopK(ReadOnlySpan<float> logits, float max)
    {
        _top.Clear();
        KeepTop(logits, _options.TopK, max - Negligible * _options.Temperature);
        var (total, reached) = (0.0, 0.0);
        foreach (var (logit, _) in _top) total += Weight(logit, max);
        for (var i = 0; i < _top.Count && reached < _options.TopP * total; i++) reached += Keep(_top[i].Logit, _top[i].Token, max);
    }

    /// <summary>Collects the likeliest so many that are at least so likely, in order, in one pass.</summary>
    private void KeepTop(ReadOnlySpan<float> logits, int count, float lowest)
    {
        for (var i = LogitMath.NextAtLeast(logits, 0, lowest); i < logits.Length; i = LogitMath.NextAtLeast(logits, i + 1, lowest))
        {
            var place = _top.BinarySearch((logits[i], i), CandidateHeap.Order);
            _top.Insert(~place, (logits[i], i));
            if (_top.Count > count) _top.RemoveAt(count);
            if (_top.Count == count) lowest = MathF.BitIncrement(_top[^1].Logit);
        }
    }

    /// <summary>Keeps the likeliest that reach p together. Looks at few tokens first, and at more when they are not enough.</summary>
    private void KeepTopP(ReadOnlySpan<float> logits, float max)
    {
        var wanted = _options.TopP * LogitMath.SumExp(logits, max, _options.Temperature);
        var reached = 0.0;
        for (var distance = Negligible / 8; distance <= Negligible && reached < wanted; distance *= 2)
        {
            Gather(logits, max - distance * _options.Temperature);
            _candidates.Build();
            _kept.Clear();
            for (reached = 0; _candidates.Count > 0 && reached < wanted;)
            {
                var (logit, token) = _candidates.Take();
                reached += Keep(logit, token, max);
            }
        }
    }

    private void KeepAtLeast(ReadOnlySpan<float> logits, float lowest, float max)
    {
        Gather(logits, lowest);
        foreach (var (logit, token) in _candidates.Items) Keep(logit, token, max);
    }

    private void Gather(ReadOnlySpan<float> logits, float lowest)
    {
        _candidates.Clear();
        for (var i = LogitMath.NextAtLeast(logits, 0, lowest); i < logits.Length; i = LogitMath.NextAtLeast(logits, i + 1, lowest))
            _candidates.Add(logits[i], i);
    }

    private double Keep(float logit, int token, float max)
    {
        var weight = Weight(logit, max);
        _kept.Add((token, weight));
        return weight;
    }

    private double Weight(float logit, float max) => Math.Exp((logit - max) / _options.Temperature);

    private int Choose()
    {
        // Weights are relative to the likeliest token's, which is 1: min-p is a plain threshold.
        var total = 0.0;
        foreach (var (_, weight) in _kept) total += weight >= _options.MinP ? weight : 0;
        var point = _random.NextDouble() * total;
        var chosen = _kept[0].Token;
        foreach (var (token, weight) in _kept)
        {
            if (weight < _options.MinP) continue;
            chosen = token;
            point -= weight;
            if (point < 0) break;
        }
        return chosen;
    }

    /// <summary>Draws among all tokens: finds the part of the vocabulary first, then the token in it.</summary>
    private int ChooseFromAll(ReadOnlySpan<float> logits, float max)
    {
        const int Part = 1024;
        var temperature = _options.Temperature;
        _partSums.Clear();
        for (var start = 0; start < logits.Length; start += Part)
            _partSums.Add(LogitMath.SumExp(logits[start..Math.Min(start + Part, logits.Length)], max, temperature));

        var point = _random.NextDouble() * _partSums.Sum();
        var part = 0;
        while (part < _partSums.Count - 1 && point >= _partSums[part]) point -= _partSums[part++];
        var chosen = -1;
        for (var token = part * Part; token < Math.Min((part + 1) * Part, logits.Length); token++)
        {
            if (!(logits[token] >= max - Negligible * temperature)) continue;
            chosen = token;
            point -= Weight(logits[token], max);
            if (point < 0) break;
        }
        // Rounding may lead into a part where nothing is likely.
        return chosen >= 0 ? chosen : Likeliest(logits);
    }
}
