using System.Security.Cryptography;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Sampling;

/// <summary>
/// Chooses tokens from logits: mask and repetition penalty, then greedy, or temperature, top-k, top-p and min-p in this
/// order. The same options, seed and logits give the same tokens, whatever the version of .NET.
/// </summary>
internal sealed class Sampler
{
    /// <summary>Tokens below e^-40 of the likeliest are left out: all of a vocabulary's weigh less than 1e-12 of it.</summary>
    private const float Negligible = 40;

    private readonly GenerationOptions _options;
    private readonly CandidateHeap _candidates = new();
    private readonly List<(int Token, double Weight)> _kept = [];
    private readonly HashSet<int> _penalised = [];
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
        var unchanged = _options.LogProbabilities ? logits.ToArray() : [];
        Mask(logits);
        Penalise(logits, history);
        var likeliest = Likeliest(logits);
        var token = _options.Temperature == 0 ? likeliest : Draw(logits, logits[likeliest]);
        _options.TokenMask?.Accept(token);
        if (!_options.LogProbabilities) return new(token, null);
        return new(token, (float)(unchanged[token] - LogitMath.LogSumExp(unchanged, unchanged[Likeliest(unchanged)])));
    }

    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        var token = LogitMath.ArgMax(logits);
        return token >= 0 && float.IsFinite(logits[token])
            ? token
            : throw new EngineException("No token can follow: no token is allowed, or the model computed no finite number.");
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

    private int Draw(ReadOnlySpan<float> logits, float max)
    {
        _candidates.Clear();
        var lowest = max - Negligible * _options.Temperature;
        for (var token = 0; token < logits.Length; token++)
        {
            if (logits[token] >= lowest) _candidates.Add(logits[token], token);
        }
        _kept.Clear();
        if (_options.TopK > 0 || _options.TopP < 1) KeepLikeliest(max);
        else foreach (var (logit, token) in _candidates.Items) Keep(logit, token, max);
        return Choose();
    }

    private void KeepLikeliest(float max)
    {
        var total = 0.0;
        if (_options.TopK == 0) foreach (var (logit, _) in _candidates.Items) total += Weight(logit, max);
        _candidates.Build();
        var reached = 0.0;
        while (_candidates.Count > 0 && (_options.TopK > 0 ? _kept.Count < _options.TopK : reached < _options.TopP * total))
        {
            var (logit, token) = _candidates.Take();
            reached += Keep(logit, token, max);
        }
        if (_options.TopK == 0) return;

        // With top-k, top-p counts among the k.
        var (limit, count) = (_options.TopP * reached, 0);
        for (reached = 0; count < _kept.Count && reached < limit; count++) reached += _kept[count].Weight;
        _kept.RemoveRange(count, _kept.Count - count);
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
}
