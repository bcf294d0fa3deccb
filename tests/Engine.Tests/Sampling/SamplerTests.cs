using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Tests.Sampling;

public class SamplerTests
{
    // Probabilities 0.4, 0.3, 0.2, 0.1 at ids 3, 1, 0, 2.
    private static readonly float[] Logits = [MathF.Log(0.2f), MathF.Log(0.3f), MathF.Log(0.1f), MathF.Log(0.4f)];

    [Fact]
    public void Greedy_takes_the_likeliest_and_the_first_of_equals()
    {
        var sampler = new Sampler(new());
        Assert.Equal(3, sampler.Sample([.. Logits], []).Token);
        Assert.Equal(1, sampler.Sample([0, 5, 5], []).Token);
        Assert.Equal(2, sampler.Sample([float.NaN, 1, 2, float.NegativeInfinity], []).Token);
    }

    [Fact]
    public void ArgMax_agrees_with_a_plain_loop_at_every_length()
    {
        var random = new Random(3);
        for (var length = 1; length < 80; length++)
        {
            var row = Enumerable.Range(0, length).Select(_ => (float)random.Next(-9, 9)).ToArray();
            Assert.Equal(Array.IndexOf(row, row.Max()), LogitMath.ArgMax(row));
            for (var i = 0; i < length; i++)
            {
                row[i] = 100;
                Assert.Equal(i, LogitMath.ArgMax(row));
                row[i] = float.NaN;
            }
            Assert.Equal(-1, LogitMath.ArgMax(row));
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 2)]
    public void The_likeliest_come_with_the_chosen_one(float temperature, int topK)
    {
        var sampler = new Sampler(new() { Temperature = temperature, TopK = topK, LogProbabilities = true, TopLogProbabilities = 3 });
        var sampled = sampler.Sample([.. Logits, float.NegativeInfinity], []);
        Assert.Equal([3, 1, 0], sampled.Likeliest!.Select(t => t.Token));
        Assert.Equal([0.4, 0.3, 0.2], sampled.Likeliest!.Select(t => Math.Round(Math.Exp(t.LogProbability), 5)));
        Assert.Equal(Logits[sampled.Token], sampled.LogProbability!.Value, 5);
        Assert.Throws<EngineException>(() => new Sampler(new() { TopLogProbabilities = 3 }));
        Assert.Throws<EngineException>(() => new Sampler(new() { LogProbabilities = true, TopLogProbabilities = 21 }));
    }

    [Theory]
    [InlineData(1f, 0, 1f, 0f, new[] { 0.2, 0.3, 0.1, 0.4 })]
    [InlineData(1f, 2, 1f, 0f, new[] { 0, 0.3 / 0.7, 0, 0.4 / 0.7 })]
    [InlineData(1f, 0, 0.65f, 0f, new[] { 0, 0.3 / 0.7, 0, 0.4 / 0.7 })]
    [InlineData(1f, 0, 0.71f, 0f, new[] { 0.2 / 0.9, 0.3 / 0.9, 0, 0.4 / 0.9 })]
    [InlineData(1f, 0, 1f, 0.6f, new[] { 0, 0.3 / 0.7, 0, 0.4 / 0.7 })]
    [InlineData(1f, 3, 0.7f, 0f, new[] { 0, 0.3 / 0.7, 0, 0.4 / 0.7 })]
    [InlineData(0.5f, 0, 1f, 0f, new[] { 0.04 / 0.3, 0.09 / 0.3, 0.01 / 0.3, 0.16 / 0.3 })]
    [InlineData(2f, 1, 0.5f, 0.5f, new[] { 0d, 0, 0, 1 })]
    public void Draws_with_the_filtered_probabilities(float temperature, int topK, float topP, float minP, double[] expected)
    {
        var sampler = new Sampler(new() { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = 7 });
        var counts = new int[4];
        const int Draws = 20_000;
        for (var i = 0; i < Draws; i++) counts[sampler.Sample([.. Logits], []).Token]++;
        for (var token = 0; token < 4; token++)
        {
            if (expected[token] == 0) Assert.Equal(0, counts[token]);
            else Assert.Equal(expected[token], counts[token] / (double)Draws, 0.015);
        }
    }

    /// <summary>A vocabulary of several thousand, against a sampler that sorts and adds up everything.</summary>
    [Theory]
    [InlineData(1f, 0, 1f, 0f)]
    [InlineData(0.5f, 40, 0.9f, 0f)]
    [InlineData(1.5f, 0, 0.97f, 0f)]
    [InlineData(1f, 0, 0.5f, 0.01f)]
    [InlineData(2f, 0, 1f, 0.02f)]
    [InlineData(20f, 4000, 1f, 0f)]
    public void Agrees_with_a_plain_sampler_on_a_large_vocabulary(float temperature, int topK, float topP, float minP)
    {
        var random = new Random(11);
        var logits = Enumerable.Range(0, 5003).Select(_ => 12 * random.NextSingle() * random.NextSingle() * random.NextSingle()).ToArray();
        logits[17] = float.NaN;
        logits[3000] = float.NegativeInfinity;

        var max = logits.Where(float.IsFinite).Max();
        var sorted = Enumerable.Range(0, logits.Length).Where(i => float.IsFinite(logits[i])).OrderByDescending(i => logits[i]).ThenBy(i => i)
            .Select(i => (Token: i, Weight: Math.Exp((logits[i] - max) / temperature))).ToList();
        if (topK > 0) sorted = sorted[..topK];
        var (total, reached) = (sorted.Sum(s => s.Weight), 0.0);
        var kept = sorted.TakeWhile(s => (reached += s.Weight) - s.Weight < topP * total).Where(s => s.Weight >= minP).ToList();

        var sampler = new Sampler(new() { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = 9 });
        const int Draws = 1500;
        var mean = 0.0;
        var allowed = kept.Select(s => s.Token).ToHashSet();
        for (var i = 0; i < Draws; i++)
        {
            var token = sampler.Sample([.. logits], []).Token;
            Assert.Contains(token, allowed);
            mean += logits[token] / Draws;
        }
        var weight = kept.Sum(s => s.Weight);
        var expected = kept.Sum(s => s.Weight * logits[s.Token]) / weight;
        var deviation = Math.Sqrt(kept.Sum(s => s.Weight * Math.Pow(logits[s.Token] - expected, 2)) / weight / Draws);
        Assert.Equal(expected, mean, 4 * deviation);
    }

    [Fact]
    public void The_same_seed_gives_the_same_tokens_and_these_ones()
    {
        var sampler = new Sampler(new() { Temperature = 1, Seed = 42 });
        int[] tokens = [.. Enumerable.Range(0, 12).Select(_ => sampler.Sample([.. Logits], []).Token)];
        // Worked out by another program: a change here changes what every user's seed gives.
        Assert.Equal([3, 0, 1, 1, 0, 3, 1, 3, 1, 3, 1, 1], tokens);
    }

    [Fact]
    public void SplitMix64_gives_the_published_sequence()
    {
        var random = new SplitMix64(1234567);
        Assert.Equal(6457827717110365317UL, random.NextBits());
        Assert.Equal(3203168211198807973UL, random.NextBits());
        Assert.Equal(9817491932198370423UL, random.NextBits());
    }

    [Fact]
    public void The_penalty_lowers_recent_tokens_once()
    {
        var sampler = new Sampler(new() { RepetitionPenalty = 2, RepetitionWindow = 3 });
        float[] row = [4, 3, -1, 8];
        sampler.Sample(row, [3, 0, 2, 2]);
        Assert.Equal([2, 3, -2, 8], row);
    }

    [Fact]
    public void The_mask_decides_what_can_come()
    {
        var mask = new Mask([0b0101]);
        var sampler = new Sampler(new() { TokenMask = mask, LogProbabilities = true });
        var (token, logProbability, _) = sampler.Sample([.. Logits], []);
        Assert.Equal(0, token);
        Assert.Equal(0, mask.Last);
        // The probability is the model's own, before the mask.
        Assert.Equal(Math.Log(0.2), logProbability!.Value, 1e-5);
        Assert.Throws<EngineException>(() => new Sampler(new() { TokenMask = new Mask([0UL]) }).Sample([.. Logits], []));
        Assert.Equal(3, new Sampler(new() { TokenMask = new Mask([]) }).Sample([.. Logits], []).Token);
        var beyond = new float[70];
        beyond[69] = 1;
        Assert.Equal(2, new Sampler(new() { TokenMask = new Mask([0b100]) }).Sample(beyond, []).Token);
    }

    [Fact]
    public void Logits_without_a_number_are_an_error()
    {
        foreach (var temperature in new[] { 0f, 1f })
        {
            var sampler = new Sampler(new() { Temperature = temperature });
            Assert.Throws<EngineException>(() => sampler.Sample([float.NaN, float.NaN], []));
            Assert.Throws<EngineException>(() => sampler.Sample([float.NegativeInfinity], []));
            Assert.Throws<EngineException>(() => sampler.Sample([1, float.PositiveInfinity], []));
        }
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        GenerationOptions[] wrong =
        [
            new() { MaxTokens = 0 }, new() { Temperature = float.NaN }, new() { TopK = -1 }, new() { TopP = 0 }, new() { MinP = 2 },
            new() { RepetitionPenalty = 0 }, new() { RepetitionWindow = -1 }, new() { StopSequences = [""] },
        ];
        foreach (var options in wrong) Assert.Throws<EngineException>(() => new Sampler(options));
    }

    private sealed class Mask(ulong[] allowed) : ITokenMask
    {
        public int Last { get; private set; } = -1;

        public ReadOnlySpan<ulong> Allowed => allowed;

        public void Accept(int token) => Last = token;
    }
}
