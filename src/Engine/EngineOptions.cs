using AgentRuntime.Engine.Backends;

namespace AgentRuntime.Engine;

/// <summary>How an <see cref="InferenceEngine"/> is set up.</summary>
public sealed record EngineOptions
{
    /// <summary>Longest context when nothing else is said, in tokens.</summary>
    public const int DefaultContextLength = 32768;

    /// <summary>A quarter of the machine's free memory, in bytes.</summary>
    public static long DefaultHostMemoryLimit
    {
        get
        {
            var memory = GC.GetGCMemoryInfo();
            return Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes) / 4;
        }
    }

    /// <summary>Most tokens in one session; null for the model's own length, at most <see cref="DefaultContextLength"/>.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Where the model runs: <c>cpu</c>, <c>cuda</c>, <c>cuda:n</c>, or <c>auto</c> for a GPU where there is one that can be used.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Layers at the model's end that run on the GPU, the others on the processor; null for as many as fit, 0 for none.</summary>
    public int? GpuLayers { get; init; }

    /// <summary>What runs the model, in place of <see cref="Device"/>; null for that.</summary>
    public IBackend? Backend { get; init; }

    /// <summary>Told, while the model is loaded, what a user should know: one sentence, for instance why a GPU is not used.</summary>
    public Action<string>? Notes { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>Most bytes for keys and values of all sessions; null for a quarter of the machine's memory, or what a GPU has free, at most four contexts.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>
    /// Most bytes of host memory for keys and values that a device has no room for, on backends that can move them; 0 for
    /// none, null for <see cref="DefaultHostMemoryLimit"/>, at most four contexts. Taken as it is needed.
    /// </summary>
    public long? HostMemoryLimit { get; init; }

    /// <summary>Compute threads, or 0 for one per physical core, fewer for a very small model.</summary>
    public int Threads { get; init; }

    /// <summary>Most tokens in one pass, at least 1: how finely a prompt is cut.</summary>
    public int PrefillChunk { get; init; } = 512;

    /// <summary>Most prompt tokens in a pass in which other sessions decode, so that a long prompt does not stall them.</summary>
    public int PrefillChunkBesideDecode { get; init; } = 128;

    /// <summary>Whether a session takes over what others have computed of the same beginning. Without it only a session's own tokens stay resident: for comparisons.</summary>
    public bool PrefixReuse { get; init; } = true;

    /// <summary>Most sessions in one pass, at least 1 and at most <see cref="PrefillChunk"/>.</summary>
    public int MaxRunning { get; init; } = 16;

    /// <summary>Most requests that wait behind the running ones; more get an <see cref="EngineBusyException"/>.</summary>
    public int MaxSessionsQueued { get; init; } = 64;

    /// <summary>How long a request waits for KV blocks that only idle sessions hold, which may be about to close, before it fails.</summary>
    public TimeSpan KvWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Events that a reader may be behind before its session pauses, at least 2.</summary>
    public int EventBuffer { get; init; } = 256;

    /// <summary>The clock of the timings.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks that every value is in its range.</summary>
    /// <exception cref="EngineException">One is not; the message names it.</exception>
    public void Validate()
    {
        OptionCheck.Require(ContextLength is null or >= 1, nameof(ContextLength), "at least 1", ContextLength);
        OptionCheck.Require(MemoryLimit is null or >= 1, nameof(MemoryLimit), "at least 1", MemoryLimit);
        OptionCheck.Require(GpuLayers is null or >= 0, nameof(GpuLayers), "at least 0", GpuLayers);
        OptionCheck.Require(HostMemoryLimit is null or >= 0, nameof(HostMemoryLimit), "at least 0", HostMemoryLimit);
        OptionCheck.Require(Threads >= 0, nameof(Threads), "at least 0", Threads);
        OptionCheck.Require(PrefillChunk >= 1, nameof(PrefillChunk), "at least 1", PrefillChunk);
        OptionCheck.Require(PrefillChunkBesideDecode >= 1, nameof(PrefillChunkBesideDecode), "at least 1", PrefillChunkBesideDecode);
        OptionCheck.Require(MaxRunning >= 1 && MaxRunning <= PrefillChunk, nameof(MaxRunning), $"between 1 and {nameof(PrefillChunk)}", MaxRunning);
        OptionCheck.Require(MaxSessionsQueued >= 0, nameof(MaxSessionsQueued), "at least 0", MaxSessionsQueued);
        OptionCheck.Require(KvWait >= TimeSpan.Zero && KvWait.TotalMilliseconds < int.MaxValue, nameof(KvWait), "between 0 and 24 days", KvWait);
        OptionCheck.Require(EventBuffer >= 2, nameof(EventBuffer), "at least 2", EventBuffer);
    }
}
