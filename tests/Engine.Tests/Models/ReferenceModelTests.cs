using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tests.Backends;

namespace AgentRuntime.Engine.Tests.Models;

/// <summary>Models of every family, storage type and odd shape compute what a plain transformer in doubles computes.</summary>
public sealed class ReferenceModelTests
{
    public static TheoryData<StorageType, string> TypesAndFamilies
    {
        get
        {
            var data = new TheoryData<StorageType, string>();
            var families = new[] { "llama", "qwen2", "qwen3", "qwen3moe" };
            foreach (var (type, i) in Enum.GetValues<StorageType>().Select((type, i) => (type, i)))
            {
                data.Add(type, families[i % 4]);
                if (families[i % 4] != "qwen3moe") data.Add(type, "qwen3moe");
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndFamilies))]
    public void EveryStorageType(StorageType type, string family) =>
        Check(Config(family) with { EmbeddingLength = 256, FeedForwardLength = 512, HeadLength = 64, ValueHeadLength = 64, RopeDimensions = 64 }, [type]);

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("qwen3moe")]
    public void TiedOutputInOneLayer(string family) => Check(Config(family) with { Layers = 1 }, [StorageType.Q8_0], tied: true);

    [Theory]
    [InlineData(StorageType.F32)]
    [InlineData(StorageType.F16)]
    public void WidthsThatNoBlockOrVectorDivides(StorageType type) =>
        Check(Config("llama") with
        {
            EmbeddingLength = 52,
            FeedForwardLength = 90,
            Heads = 3,
            KvHeads = 3,
            HeadLength = 22,
            ValueHeadLength = 22,
            RopeDimensions = 22,
            VocabularySize = 101,
        }, [type]);

    [Fact]
    public void HeadsWiderThanTheModelAndAnOddVocabulary() =>
        Check(Config("qwen3") with { EmbeddingLength = 64, Heads = 5, KvHeads = 1, HeadLength = 96, ValueHeadLength = 96, RopeDimensions = 96, VocabularySize = 333 },
            [StorageType.Q5_0, StorageType.Q4_1]);

    [Fact]
    public void OnlyAPartOfAHeadIsRotated() => Check(Config("llama") with { RopeDimensions = 8 }, [StorageType.F16]);

    [Fact]
    public void ValueHeadsOfAnotherLength() => Check(Config("llama") with { ValueHeadLength = 64 }, [StorageType.Q8_0]);

    [Fact]
    public void BiasesOfALlama() => Check(Config("llama"), [StorageType.BF16], biases: true);

    [Fact]
    public void FactorsOfRope() => Check(Config("llama"), [StorageType.F16], ropeFactors: true);

    [Fact]
    public void LinearRope() => Check(Config("qwen2") with { RopeScaling = new(RopeScalingKind.Linear, 3.5f) }, [StorageType.F16]);

    [Theory]
    [InlineData(1024)]
    [InlineData(64)]
    public void YarnRope(int original) =>
        Check(Config("qwen3") with { RopeScaling = new(RopeScalingKind.Yarn, 4, original, 0.9f, 24, 2) }, [StorageType.F16]);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(32)]
    [InlineData(33)]
    public void SlidingWindow(int window) => Check(Config("llama") with { SlidingWindow = window }, [StorageType.F16]);

    [Fact]
    public void LongContextWithAndWithoutAWindow()
    {
        var config = Config("qwen2") with { Layers = 1, EmbeddingLength = 32, FeedForwardLength = 32, Heads = 2, KvHeads = 1, HeadLength = 16, ValueHeadLength = 16, RopeDimensions = 16 };
        Check(config, [StorageType.F16], tokens: 549);
        Check(config with { SlidingWindow = 40 }, [StorageType.F16], tokens: 549);
    }

    [Theory]
    [InlineData("llama", true)]
    [InlineData("llama", false)]
    [InlineData("qwen3moe", false)]
    public void ExpertsWithWeightsScaledOrNot(string family, bool scaled) =>
        Check(Config(family) with { Experts = 7, ExpertsUsed = 3, ExpertFeedForwardLength = 40, NormalizeExpertWeights = scaled }, [StorageType.F16]);

    [Fact]
    public void AllTypesInOneModel() =>
        Check(Config("qwen3") with { EmbeddingLength = 256, FeedForwardLength = 256, Heads = 4, HeadLength = 64, ValueHeadLength = 64, RopeDimensions = 64 },
            Enum.GetValues<StorageType>());

    private static void Check(
        ModelConfig config, StorageType[] types, bool tied = false, bool biases = false, bool ropeFactors = false, int tokens = 37)
    {
        var path = Path.Combine(Path.GetTempPath(), $"reference-{Guid.NewGuid():N}.gguf");
        try
        {
            TestModel.Write(path, config, types, tied, biases, ropeFactors);
            using var file = ModelLoader.Open(path);
            Assert.Equal(config.RopeScaling, file.RequireConfig().RopeScaling);
            var random = new Random(5);
            var ids = Enumerable.Range(0, tokens).Select(_ => random.Next(config.VocabularySize)).ToArray();
            var expected = new ReferenceModel(file).Logits(ids);
            using var runner = new CpuBackend().LoadModel(file, new() { KvBlocks = 24, KvType = KvType.F32, MaxBatchTokens = 512, Threads = 2 }, cancellationToken: default);
            // A prompt, then steps of one token across the border of a block.
            var prompt = Math.Min(tokens - 7, 512);
            var actual = Run.All(runner, ids[..prompt]).Concat(Enumerable.Range(prompt, tokens - prompt).Select(p => Run.Append(runner, ids.AsSpan(p, 1), p)[0])).ToArray();
            var errors = expected.Zip(actual, (e, a) => Math.Sqrt(e.Zip(a, (x, y) => (x - y) * (x - y)).Sum() / e.Sum(x => x * x))).ToArray();
            var exact = types.All(type => type is StorageType.F32 or StorageType.F16 or StorageType.BF16);
            var (middle, most) = (errors.Order().ElementAt(tokens / 2), errors.Max());
            TestContext.Current.TestOutputHelper?.WriteLine($"median {middle:g3}, most {most:g3}");
            // Rounded activations may choose another expert now and then, which changes a whole row.
            Assert.InRange(middle, 0, exact ? 1e-5 : 0.04);
            Assert.InRange(most, 0, exact ? 1e-4 : config.Experts > 0 ? 1 : 0.12);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static ModelConfig Config(string family) => new()
    {
        Architecture = family,
        Name = "test",
        Layers = 2,
        EmbeddingLength = 64,
        FeedForwardLength = 96,
        Heads = 4,
        KvHeads = 2,
        HeadLength = 32,
        ValueHeadLength = 32,
        VocabularySize = 160,
        ContextLength = 1024,
        RmsEpsilon = 1e-5f,
        RopeBase = 10000,
        RopeDimensions = 32,
        RopeHalfSplit = family != "llama",
        Experts = family == "qwen3moe" ? 6 : 0,
        ExpertsUsed = family == "qwen3moe" ? 2 : 0,
        ExpertFeedForwardLength = family == "qwen3moe" ? 256 : 0,
        NormalizeExpertWeights = true,
    };
}
