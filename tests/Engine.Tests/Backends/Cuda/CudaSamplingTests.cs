using System.Globalization;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>The sampling kernels against <see cref="TokenChooser"/>, within the tolerance that native/kernels/src/sample.h states.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaSamplingTests
{
    private const double Tolerance = 1e-5;
    private const float None = float.NegativeInfinity;

    private static readonly SamplingRule Plain = new() { Temperature = 1, TopP = 1, Penalty = 1 };

    public static TheoryData<int> Sizes => [1, 2, 31, 127, 128, 129, 1000, 1025, 5003, 40_003, 140_001];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void TheLikeliestIsTheFirstOfTheHighest(int columns)
    {
        using var rows = new Rows(columns);
        var (half, last) = (columns / 2, columns - 1);
        rows.Add(Logits(columns, 1), new());
        // A tie goes to the lower index, also between zeros of both signs.
        rows.Add(Logits(columns, 2, (half, 99), (last, 99)), new());
        rows.Add(Logits(columns, 3, Enumerable.Range(0, columns).Select(i => (i, i < half ? -1 : i == half ? -0f : 0)).ToArray()), new());
        rows.Add(Filled(columns, None), new());
        rows.Add(Filled(columns, float.NaN), new());
        rows.Add(Filled(columns, float.NaN, (last, -3)), new());
        rows.Add(Logits(columns, 4, (half, float.PositiveInfinity)), new());
        Assert.Equal([LogitMath.ArgMax(rows.Logits(0)), half, half, -1, -1, last, -1], rows.Choose());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ADrawIsTheChoosers(int columns)
    {
        SamplingRule[] rules =
        [
            Plain, Plain with { Temperature = 0.3f }, Plain with { Temperature = 5 }, Plain with { Temperature = 1e-40f },
            Plain with { TopK = 1 }, Plain with { TopK = 2 }, Plain with { TopK = 7 }, Plain with { TopK = 40, TopP = 0.9f, MinP = 0.02f },
            Plain with { TopK = 127, Temperature = 2 }, Plain with { TopK = 128, TopP = 0.99f, Temperature = 3 },
            Plain with { TopP = 0.5f }, Plain with { TopP = 0.8f, MinP = 0.1f, Temperature = 0.7f }, Plain with { MinP = 0.05f }, Plain with { MinP = 1 },
        ];
        using var rows = new Rows(columns);
        for (var i = 0; i < rules.Length; i++) rows.Add(Logits(columns, i), rules[i]);
        rows.AssertAgree(draws: Draws(columns > 5003 ? 3 : 5));
    }

    [Theory]
    [InlineData(129)]
    [InlineData(40_003)]
    public void MasksDecideWhatCanCome(int columns)
    {
        var words = (columns + 63) / 64;
        ulong[] one = new ulong[words], few = new ulong[words], some = new ulong[words];
        var random = new Random(columns);
        one[^1] = 1UL << ((columns - 1) % 64);
        foreach (var token in new[] { 0, 3, columns / 2, columns - 2 }) few[token / 64] |= 1UL << (token % 64);
        for (var i = 0; i < words; i++) some[i] = (ulong)random.NextInt64();
        ulong[][] masks = [new ulong[words], one, few, some, some[..(words / 2)], [ulong.MaxValue], [.. some, ulong.MaxValue]];
        SamplingRule[] rules = [new(), Plain, Plain with { TopK = 40 }, Plain with { TopP = 0.9f }, Plain with { MinP = 0.1f }, Plain with { TopK = 300, TopP = 0.99f }];
        foreach (var mask in masks)
        {
            using var rows = new Rows(columns);
            for (var i = 0; i < rules.Length; i++) rows.Add(Logits(columns, i), rules[i] with { Allowed = () => mask });
            rows.AssertAgree(draws: 2);
            if (ReferenceEquals(mask, masks[0])) Assert.All(rows.Choose(), token => Assert.Equal(-1, token));
            if (ReferenceEquals(mask, one)) Assert.All(rows.Choose(), token => Assert.Equal(columns - 1, token));
        }
    }

    [Fact]
    public void PenaltiesCountOnceAndMayChangeTheLikeliest()
    {
        const int Columns = 1025;
        using var rows = new Rows(Columns);
        ulong[] mask = [.. Enumerable.Repeat(0x0123456789abcdefUL, (Columns + 63) / 64)];
        int[] penalised = [.. Enumerable.Range(0, CudaBatch.MostPenalised - 1).Select(i => i * 4), Columns - 1];
        var rule = new SamplingRule { Penalty = 1.7f, Penalised = penalised };
        rows.Add(Logits(Columns, 1, (8, 30), (9, 20)), rule);
        rows.Add(Logits(Columns, 2, (8, -1), (9, -2)), rule with { Penalty = 0.4f });
        rows.Add(Logits(Columns, 3), rule with { Temperature = 1, TopP = 1 });
        rows.Add(Logits(Columns, 4), rule with { Temperature = 1, TopK = 20, TopP = 1, Allowed = () => mask });
        Assert.Equal(9, rows.Choose()[0]);
        rows.AssertAgree(draws: 8);
    }

    [Fact]
    public void EqualLogitsAreTakenInTheirOrder()
    {
        using var rows = new Rows(2000);
        var steps = Enumerable.Range(0, 2000).Select(i => (float)(i * 7919 % 40)).ToArray();
        foreach (var rule in new[] { Plain with { TopK = 3 }, Plain with { TopK = 55 }, Plain with { TopK = 128, Temperature = 9 }, Plain with { TopP = 0.7f }, Plain with { MinP = 0.5f } })
            rows.Add([.. steps], rule);
        rows.AssertAgree(draws: 8);
    }

    [Fact]
    public void WhatTheKernelCannotKeepIsLeftToTheHost()
    {
        // More candidates than fit: the likeliest 300, and half of all.
        using var rows = new Rows(40_003);
        rows.Add(Logits(rows.Columns, 1), Plain with { TopK = 3000 });
        rows.Add(Filled(rows.Columns, 1), Plain with { TopP = 0.5f });
        rows.Add(Filled(rows.Columns, 1), Plain with { MinP = 0.5f });
        Assert.Equal([SamplingBlock.Unresolved, SamplingBlock.Unresolved, SamplingBlock.Unresolved], rows.Choose());
    }

    /// <summary>How often to draw: more for a long proof.</summary>
    private static int Draws(int usual) => usual * int.Parse(Environment.GetEnvironmentVariable("AGENTRT_DRAWS") ?? "1", CultureInfo.InvariantCulture);

    /// <summary>Numbers like a model's: many in the middle, few that stand out, and some that are none.</summary>
    private static float[] Logits(int columns, int seed, params (int Token, float Logit)[] set)
    {
        var random = new Random(columns + seed);
        var logits = new float[columns];
        for (var i = 0; i < columns; i++) logits[i] = (float)(3 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) - 2 * Math.Log(1 - random.NextDouble()));
        if (columns > 10) (logits[5], logits[columns - 3]) = (float.NaN, None);
        foreach (var (token, logit) in set) logits[token] = logit;
        return logits;
    }

    private static float[] Filled(int columns, float value, params (int Token, float Logit)[] set)
    {
        var logits = new float[columns];
        Array.Fill(logits, value);
        foreach (var (token, logit) in set) logits[token] = logit;
        return logits;
    }

    /// <summary>Rows of logits with their rules, and a device to choose from them.</summary>
    private sealed class Rows(int columns) : IDisposable
    {
        private readonly CudaKernelTests.Gpu _gpu = new();
        private readonly List<float[]> _logits = [];
        private readonly List<SamplingRule> _rules = [];
        private readonly TokenChooser _chooser = new();

        public int Columns => columns;

        public float[] Logits(int row) => _logits[row];

        public void Add(float[] logits, SamplingRule rule)
        {
            _logits.Add(logits);
            _rules.Add(rule);
        }

        /// <summary>What the device chooses, all rows at once.</summary>
        public int[] Choose()
        {
            var batch = new CudaBatch(_gpu.Device, _rules.Count, 1, 64, 1, columns);
            var sampling = new SamplingBlock(_gpu.Device, _gpu.Operators.Kernels, columns);
            batch.Load(new ForwardBatch([0], [new SequenceSlice(0, 1, 0, [0])], [0]));
            batch.SendRules([.. _rules]);
            sampling.Run(_gpu.Send(_logits.SelectMany(row => row).ToArray()), batch, _rules.Count);
            _gpu.Device.Synchronize();
            return sampling.Tokens[.._rules.Count].ToArray();
        }

        /// <summary>Compares with the chooser for several numbers between 0 and 1.</summary>
        public void AssertAgree(int draws)
        {
            var numbers = new Random(columns);
            for (var draw = 0; draw < draws; draw++)
            {
                var uniform = draw switch { 0 => 0, 1 => 1 - Math.Pow(2, -53), _ => numbers.NextDouble() };
                for (var row = 0; row < _rules.Count; row++) _rules[row] = _rules[row] with { Uniform = uniform };
                var tokens = Choose();
                for (var row = 0; row < tokens.Length; row++)
                {
                    var expected = Expected(row, uniform);
                    if (tokens[row] != expected) Assert.True(IsNear(row, uniform, tokens[row]), $"{columns} columns, row {row}, {_rules[row]}: {tokens[row]} instead of {expected}");
                }
            }
        }

        public void Dispose() => _gpu.Dispose();

        private int Expected(int row, double uniform, double topP = 1, double minP = 1) => _chooser.Choose(
            [.. _logits[row]],
            _rules[row] with { Uniform = uniform, TopP = (float)(_rules[row].TopP * topP), MinP = (float)(_rules[row].MinP * minP) });

        /// <summary>Whether a token lies between those to which numbers and limits just below and above lead.</summary>
        private bool IsNear(int row, double uniform, int token)
        {
            if (token < 0) return false;
            float[] logits = [.. _logits[row]];
            _chooser.Choose(logits, _rules[row]);
            var byId = _rules[row] is { TopK: 0, TopP: >= 1 };
            bool InOrder(int a, int b) => a == b || (byId ? a < b : CandidateHeap.Order.Compare((logits[a], a), (logits[b], b)) < 0);
            double[] about = [1 - Tolerance, 1 + Tolerance];
            // Before the first and after the last that the chooser looks at, the kernel may still see what weighs almost nothing.
            return logits[token] > None && about.Any(topP => about.Any(minP =>
                (uniform < Tolerance || InOrder(Expected(row, uniform - Tolerance, topP, minP), token))
                && (uniform + Tolerance >= 1 || InOrder(token, Expected(row, uniform + Tolerance, topP, minP)))));
        }
    }
}
