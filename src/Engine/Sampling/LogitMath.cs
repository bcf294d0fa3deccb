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

    /// <summary>ln Σ exp(logit), computed relative to the maximum so that it cannot overflow.</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits, float max)
    {
        var sum = 0.0;
        foreach (var logit in logits)
        {
            if (logit <= max) sum += MathF.Exp(logit - max);
        }
        return max + Math.Log(sum);
    }
}
