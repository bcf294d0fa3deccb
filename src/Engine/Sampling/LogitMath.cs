using System.Numerics;
using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Sampling;

/// <summary>Passes over a row of logits.</summary>
internal static class LogitMath
{
    /// <summary>The index of the largest value, the first of equals; not-a-number never counts. -1 when nothing is above negative infinity.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var best = new Vector<float>(float.NegativeInfinity);
        foreach (var vector in vectors) best = Vector.ConditionalSelect(Vector.GreaterThan(vector, best), vector, best);
        var max = float.NegativeInfinity;
        for (var i = 0; i < Vector<float>.Count; i++) max = Math.Max(max, best[i]);
        for (var i = vectors.Length * Vector<float>.Count; i < logits.Length; i++)
        {
            if (logits[i] > max) max = logits[i];
        }
        if (max == float.NegativeInfinity) return -1;

        var wanted = new Vector<float>(max);
        var start = 0;
        while (start < vectors.Length && !Vector.EqualsAny(vectors[start], wanted)) start++;
        for (var i = start * Vector<float>.Count; ; i++)
        {
            if (logits[i] == max) return i;
        }
    }

    /// <summary>Σ exp((logit - max) / temperature); what is above <paramref name="max"/> or not a number does not count.</summary>
    public static double SumExp(ReadOnlySpan<float> logits, float max, float temperature)
    {
        // Sums of a few thousand floats at a time keep the rounding errors small.
        const int Part = 4096;
        var sum = 0.0;
        for (var start = 0; start < logits.Length; start += Part) sum += SumPart(logits[start..Math.Min(start + Part, logits.Length)], max, temperature);
        return sum;
    }

    /// <summary>Finds the next index from <paramref name="start"/> on whose value is at least <paramref name="lowest"/>; the length when there is none.</summary>
    public static int NextAtLeast(ReadOnlySpan<float> logits, int start, float lowest)
    {
        var wanted = new Vector<float>(lowest);
        while (start <= logits.Length - Vector<float>.Count && !Vector.GreaterThanOrEqualAny(new Vector<float>(logits[start..]), wanted))
            start += Vector<float>.Count;
        while (start < logits.Length && !(logits[start] >= lowest)) start++;
        return start;
    }

    private static float SumPart(ReadOnlySpan<float> logits, float max, float temperature)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        var (limit, nothing) = (new Vector<float>(max), new Vector<float>(float.NegativeInfinity));
        var sums = Vector<float>.Zero;
        foreach (var vector in vectors)
        {
            var logit = Vector.ConditionalSelect(Vector.LessThanOrEqual(vector, limit), vector, nothing);
            sums += Vector.Exp((logit - limit) / temperature);
        }
        var sum = Vector.Sum(sums);
        foreach (var logit in logits[(vectors.Length * Vector<float>.Count)..])
        {
            if (logit <= max) sum += MathF.Exp((logit - max) / temperature);
        }
        return sum;
    }
}
