namespace AgentRuntime.Engine.Sampling;

/// <summary>
/// Chooses tokens from logits by rules. The same logits and rule give the same token, whatever the version of .NET.
/// native/kernels/src/sample.h does the same on a GPU.
/// </summary>
internal sealed class TokenChooser
{
    /// <summary>Tokens e^40 times less likely than the likeliest are left out: all of a vocabulary weigh less than 1e-12 of it.</summary>
    private const float Negligible = 40;

    private readonly CandidateHeap _candidates = new();
    private readonly List<(float Logit, int Token)> _top = [];
    private readonly List<(int Token, double Weight)> _kept = [];
    private readonly List<double> _partSums = [];
    private SamplingRule _rule;

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">One value per vocabulary entry; mask and penalty change them.</param>
    /// <param name="rule">How.</param>
    /// <returns>Its id, or -1: nothing is allowed, or the model gave no number.</returns>
    public int Choose(Span<float> logits, in SamplingRule rule)
    {
        _rule = rule;
        if (rule.Allowed is { } allowed) Mask(logits, allowed());
        foreach (var token in rule.Penalised.Span) logits[token] = logits[token] > 0 ? logits[token] / rule.Penalty : logits[token] * rule.Penalty;
        var likeliest = LogitMath.ArgMax(logits);
        if (likeliest < 0 || !float.IsFinite(logits[likeliest])) return -1;
        return rule.Temperature == 0 ? likeliest : Draw(logits, likeliest);
    }

    /// <summary>Collects the likeliest so many that are at least so likely, in order, in one pass. Valid until the next call of any method.</summary>
    public IReadOnlyList<(float Logit, int Token)> Top(ReadOnlySpan<float> logits, int count, float lowest)
    {
        _top.Clear();
        for (var i = LogitMath.NextAtLeast(logits, 0, lowest); i < logits.Length; i = LogitMath.NextAtLeast(logits, i + 1, lowest))
        {
            var place = _top.BinarySearch((logits[i], i), CandidateHeap.Order);
            _top.Insert(~place, (logits[i], i));
            if (_top.Count > count) _top.RemoveAt(count);
            if (_top.Count == count) lowest = MathF.BitIncrement(_top[^1].Logit);
        }
        return _top;
    }

    private static void Mask(Span<float> logits, ReadOnlySpan<ulong> allowed)
    {
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

    private int Draw(ReadOnlySpan<float> logits, int likeliest)
    {
        var max = logits[likeliest];
        _kept.Clear();
        if (_rule.TopK > 0) KeepTopK(logits, max);
        else if (_rule.TopP < 1) KeepTopP(logits, max);
        else if (_rule.MinP > 0) KeepAtLeast(logits, max + _rule.Temperature * MathF.Log(_rule.MinP), max);
        else return ChooseFromAll(logits, likeliest);
        return ChooseFromKept();
    }

    /// <summary>Keeps the k likeliest, in order. Top-p counts among them.</summary>
    private void KeepTopK(ReadOnlySpan<float> logits, float max)
    {
        var top = Top(logits, _rule.TopK, max - Negligible * _rule.Temperature);
        var (total, reached) = (0.0, 0.0);
        foreach (var (logit, _) in top) total += Weight(logit, max);
        for (var i = 0; i < top.Count && reached < _rule.TopP * total; i++) reached += Keep(top[i].Logit, top[i].Token, max);
    }

    /// <summary>Keeps the likeliest that reach p together. Looks at few tokens first, and at more when they are not enough.</summary>
    private void KeepTopP(ReadOnlySpan<float> logits, float max)
    {
        var wanted = _rule.TopP * LogitMath.SumExp(logits, max, _rule.Temperature);
        var reached = 0.0;
        for (var distance = Negligible / 8; distance <= Negligible && reached < wanted; distance *= 2)
        {
            Gather(logits, max - distance * _rule.Temperature);
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

    private double Weight(float logit, float max) => Math.Exp((logit - max) / _rule.Temperature);

    private int ChooseFromKept()
    {
        // Weights are relative to the likeliest token's, which is 1: min-p is a plain threshold.
        var total = 0.0;
        foreach (var (_, weight) in _kept) total += weight >= _rule.MinP ? weight : 0;
        var point = _rule.Uniform * total;
        var chosen = _kept[0].Token;
        foreach (var (token, weight) in _kept)
        {
            if (weight < _rule.MinP) continue;
            chosen = token;
            point -= weight;
            if (point < 0) break;
        }
        return chosen;
    }

    /// <summary>Draws among all tokens: finds the part of the vocabulary first, then the token in it.</summary>
    private int ChooseFromAll(ReadOnlySpan<float> logits, int likeliest)
    {
        const int Part = 1024;
        var (temperature, max) = (_rule.Temperature, logits[likeliest]);
        _partSums.Clear();
        for (var start = 0; start < logits.Length; start += Part)
            _partSums.Add(LogitMath.SumExp(logits[start..Math.Min(start + Part, logits.Length)], max, temperature));

        var point = _rule.Uniform * _partSums.Sum();
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
        return chosen >= 0 ? chosen : likeliest;
    }
}
