using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Models;

/// <summary>
/// The transformer written straight from its papers in double arithmetic on the stored weights: no batches, no blocks,
/// no kernels, and its own decoders. Slow, and therefore the measure of every backend.
/// </summary>
internal sealed unsafe class ReferenceModel(ModelFile file)
{
    private readonly ModelConfig _config = file.RequireConfig();
    private readonly Dictionary<string, double[]> _values = [];

    /// <summary>Logits after each token of a sequence.</summary>
    public double[][] Logits(int[] tokens)
    {
        var embedding = _config.EmbeddingLength;
        var hidden = tokens.Select(token => Values("token_embd.weight")[(token * embedding)..((token + 1) * embedding)]).ToArray();
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var name = $"blk.{layer}.";
            var attended = Attention(name, [.. hidden.Select(x => Norm(x, Values(name + "attn_norm.weight")))]);
            hidden = [.. hidden.Zip(attended, Add)];
            hidden = [.. hidden.Select(x => Add(x, FeedForward(name, Norm(x, Values(name + "ffn_norm.weight")))))];
        }
        var output = file.Tensors.ContainsKey("output.weight") ? "output.weight" : "token_embd.weight";
        return [.. hidden.Select(x => Multiply(Values(output), 0, _config.VocabularySize, Norm(x, Values("output_norm.weight"))))];
    }

    private double[][] Attention(string name, double[][] inputs)
    {
        int length = _config.HeadLength, valueLength = _config.ValueHeadLength, group = _config.Heads / _config.KvHeads;
        var queries = inputs.Select((x, p) => Heads(name, "attn_q", x, _config.Heads, length, p)).ToArray();
        var keys = inputs.Select((x, p) => Heads(name, "attn_k", x, _config.KvHeads, length, p)).ToArray();
        var values = inputs.Select(x => Heads(name, "attn_v", x, _config.KvHeads, valueLength, null)).ToArray();
        return [.. inputs.Select((_, position) =>
        {
            var result = new List<double>();
            for (var head = 0; head < _config.Heads; head++)
            {
                var first = _config.SlidingWindow > 0 ? Math.Max(0, position - _config.SlidingWindow + 1) : 0;
                var weights = Softmax([.. Enumerable.Range(first, position - first + 1)
                    .Select(p => Dot(queries[position][head], keys[p][head / group]) / Math.Sqrt(length))]);
                for (var d = 0; d < valueLength; d++) result.Add(weights.Select((weight, i) => weight * values[first + i][head / group][d]).Sum());
            }
            return Multiply(Values(name + "attn_output.weight"), 0, _config.EmbeddingLength, [.. result]);
        })];
    }

    /// <summary>A projection split into heads, with its bias, norm and, where a position is given, rotation.</summary>
    private double[][] Heads(string name, string projection, double[] input, int heads, int length, int? position)
    {
        var flat = Multiply(Values($"{name}{projection}.weight"), 0, heads * length, input);
        if (file.Tensors.ContainsKey($"{name}{projection}.bias")) flat = Add(flat, Values($"{name}{projection}.bias"));
        var split = flat.Chunk(length).ToArray();
        if (file.Tensors.ContainsKey($"{name}{projection}_norm.weight")) split = [.. split.Select(head => Norm(head, Values($"{name}{projection}_norm.weight")))];
        return position is { } p ? [.. split.Select(head => Rotate(head, p))] : split;
    }

    private double[] Rotate(double[] head, int position)
    {
        var result = (double[])head.Clone();
        var half = _config.RopeDimensions / 2;
        for (var i = 0; i < half; i++)
        {
            var (frequency, magnitude) = Frequency(i);
            var (a, b) = _config.RopeHalfSplit ? (i, i + half) : (2 * i, 2 * i + 1);
            var turn = System.Numerics.Complex.FromPolarCoordinates(magnitude, position * frequency) * new System.Numerics.Complex(head[a], head[b]);
            (result[a], result[b]) = (turn.Real, turn.Imaginary);
        }
        return result;
    }

    private (double Frequency, double Magnitude) Frequency(int pair)
    {
        double n = _config.RopeDimensions, theta = _config.RopeBase;
        var frequency = 1 / Math.Pow(theta, 2 * pair / n);
        if (file.Tensors.ContainsKey("rope_freqs.weight")) frequency /= Values("rope_freqs.weight")[pair];
        var scaling = _config.RopeScaling;
        if (scaling.Kind == RopeScalingKind.Linear) return (frequency / scaling.Factor, 1);
        if (scaling.Kind != RopeScalingKind.Yarn) return (frequency, 1);
        // Which pair makes so many turns within the original context.
        double PairOf(double turns) => n / 2 * Math.Log(scaling.OriginalContext / (turns * 2 * Math.PI), theta);
        double low = Math.Max(0, Math.Floor(PairOf(scaling.BetaFast))), high = Math.Min(n - 1, Math.Ceiling(PairOf(scaling.BetaSlow)));
        var stretched = pair <= low ? 0 : pair >= high ? 1 : (pair - low) / (high - low);
        return (stretched * frequency / scaling.Factor + (1 - stretched) * frequency, scaling.AttentionFactor * (0.1 * Math.Log(scaling.Factor) + 1));
    }

    private double[] FeedForward(string name, double[] input)
    {
        int embedding = _config.EmbeddingLength, dense = _config.FeedForwardLength, width = _config.ExpertFeedForwardLength;
        if (_config.Experts == 0)
            return SwiGlu(Values(name + "ffn_gate.weight"), Values(name + "ffn_up.weight"), Values(name + "ffn_down.weight"), 0, dense, input);
        var probabilities = Softmax(Multiply(Values(name + "ffn_gate_inp.weight"), 0, _config.Experts, input));
        var chosen = Enumerable.Range(0, _config.Experts).OrderByDescending(e => probabilities[e]).Take(_config.ExpertsUsed).ToArray();
        var total = _config.NormalizeExpertWeights ? chosen.Sum(e => probabilities[e]) : 1;
        var result = new double[embedding];
        foreach (var expert in chosen)
        {
            var output = SwiGlu(
                Values(name + "ffn_gate_exps.weight"), Values(name + "ffn_up_exps.weight"), Values(name + "ffn_down_exps.weight"), expert, width, input);
            for (var d = 0; d < embedding; d++) result[d] += probabilities[expert] / total * output[d];
        }
        return result;
    }

    private static double[] SwiGlu(double[] gate, double[] up, double[] down, int expert, int width, double[] input)
    {
        double[] g = Multiply(gate, expert * width, width, input), u = Multiply(up, expert * width, width, input);
        return Multiply(down, expert * input.Length, input.Length, [.. g.Zip(u, (a, b) => a / (1 + Math.Exp(-a)) * b)]);
    }

    private double[] Values(string name)
    {
        if (_values.TryGetValue(name, out var known)) return known;
        var tensor = file.Tensors[name];
        return _values[name] = TestWeights.Decode(tensor.Type, new ReadOnlySpan<byte>(tensor.Data, (int)tensor.ByteLength).ToArray());
    }

    private double[] Norm(double[] x, double[] weight)
    {
        var scale = 1 / Math.Sqrt(x.Sum(v => v * v) / x.Length + _config.RmsEpsilon);
        return [.. x.Zip(weight, (v, w) => v * scale * w)];
    }

    private static double[] Multiply(double[] matrix, int firstRow, int rows, double[] x)
    {
        var y = new double[rows];
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < x.Length; c++)
                y[r] += matrix[(firstRow + r) * x.Length + c] * x[c];
        return y;
    }

    private static double[] Softmax(double[] scores)
    {
        var maximum = scores.Max();
        var powers = scores.Select(score => Math.Exp(score - maximum)).ToArray();
        var sum = powers.Sum();
        return [.. powers.Select(power => power / sum)];
    }

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
