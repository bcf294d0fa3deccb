using System.Buffers.Binary;
using System.Security.Cryptography;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Fuzz.Sessions;

/// <summary>
/// Suspended sessions. Each input is tried as it is and with its checksums put right, as an attacker would, on an engine
/// with a tiny model; afterwards every KV block must be free again.
/// </summary>
internal sealed class SnapshotTarget : IFuzzTarget
{
    private const int HeaderBytes = 56, CountAt = 48;
    private readonly Lazy<InferenceEngine> _engine = new(CreateEngine);

    public string Name => "snapshot";

    public IReadOnlyList<byte[]> Seeds => field ??= [Suspend(0), Suspend(1), Suspend(33)];

    public IReadOnlyList<byte[]> Dictionary => [];

    public bool Run(byte[] input)
    {
        var accepted = Resume(input);
        accepted |= Repair(input) is { } repaired && Resume(repaired);
        CheckNothingIsHeld(_engine.Value);
        return accepted;
    }

    private bool Resume(byte[] input)
    {
        var engine = _engine.Value;
        try
        {
            using var session = engine.ResumeSessionAsync(new MemoryStream(input)).GetAwaiter().GetResult();
            if (session.Tokens.Any(token => token < 0 || token >= engine.Tokenizer.VocabularySize)) throw new InvalidOperationException("A token is outside the vocabulary.");
            return true;
        }
        catch (EngineException)
        {
            return false;
        }
    }

    private static void CheckNothingIsHeld(InferenceEngine engine)
    {
        engine.CheckIntegrityAsync().GetAwaiter().GetResult();
        var now = engine.Statistics;
        if (now.KvBlocksFree + now.KvBlocksCached != now.KvBlocks)
            throw new InvalidOperationException($"{now.KvBlocks - now.KvBlocksFree - now.KvBlocksCached} KV blocks are held.");
    }

    /// <summary>The input with right checksums, where its length allows any.</summary>
    private static byte[]? Repair(byte[] input)
    {
        if (input.Length < HeaderBytes + 64) return null;
        long head = HeaderBytes + 4L * BinaryPrimitives.ReadUInt32LittleEndian(input.AsSpan(CountAt));
        if (head + 64 > input.Length) return null;
        byte[] repaired = [.. input];
        SHA256.HashData(repaired.AsSpan(0, (int)head), repaired.AsSpan((int)head, 32));
        SHA256.HashData(repaired.AsSpan((int)head + 32, repaired.Length - (int)head - 64), repaired.AsSpan(repaired.Length - 32));
        return repaired;
    }

    private byte[] Suspend(int tokens)
    {
        var session = _engine.Value.CreateSession();
        session.Append([.. Enumerable.Range(0, tokens)]);
        if (tokens > 0) session.PrefillAsync().GetAwaiter().GetResult();
        using var stream = new MemoryStream();
        session.SuspendAsync(stream).GetAwaiter().GetResult();
        return stream.ToArray();
    }

    private static InferenceEngine CreateEngine()
    {
        using var stream = new MemoryStream();
        ModelSynthesizer.Write(ModelShape.Find("tiny-test"), QuantizationMix.Find("Q8_0"), stream);
        var model = GgufFile.Open(stream.ToArray(), "tiny-test");
        var runner = new CpuBackend().LoadModel(model, new RunnerOptions { KvBlocks = 8, Threads = 1 });
        return new(runner, TokenizerFactory.Create(model.Vocabulary!), new() { ContextLength = 128 }, owned: model);
    }
}
