using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>Attention of a few tokens, split along the context so that every multiprocessor works (native/kernels/src/attention.h).</summary>
internal sealed class DecodeAttention
{
    private const int MostSplits = 64;

    private readonly ModelConfig _config;
    private readonly KernelModule _kernels;
    private readonly nint _attend;
    private readonly int _slots;
    private readonly Room _room;

    public DecodeAttention(ModelConfig config, KernelModule kernels, KvType type, Room room)
    {
        (_config, _kernels, _room) = (config, kernels, room);
        var queries = config.Heads / config.KvHeads <= 4 || type == KvType.F32 ? 4 : 8;
        var name = type switch { KvType.F16 => "f16", KvType.F32 => "f32", _ => "q8_0" };
        var length = Math.Max(config.HeadLength, config.ValueHeadLength) switch { <= 64 => 64, <= 128 => 128, _ => 256 };
        _attend = kernels[$"attention_{name}_{queries}_{length}"];
        _slots = kernels.ResidentBlocks(_attend, 128);
    }

    /// <param name="rope">Queries, keys and values, and where they go.</param>
    /// <param name="tokens">How many tokens.</param>
    /// <param name="output">[token][heads][value length]</param>
    /// <param name="finish">Whether to do first what the rope kernel does; only where every token is of another sequence.</param>
    public void Attend(RopeParams rope, int tokens, ulong output, bool finish)
    {
        // It must not depend on the context, which grows under a graph; of a short one the kernel makes fewer parts.
        var splits = tokens > Operators.MostVectors ? 1 : Math.Clamp(_slots / (_config.KvHeads * tokens), 1, MostSplits);
        _kernels.LaunchEarly(_attend, (_config.KvHeads, tokens, splits), 128, new AttentionParams
        {
            Rope = rope,
            Output = output,
            Partial = _room.Partial,
            Arrived = _room.Arrived,
            Splits = splits,
            Window = _config.SlidingWindow,
            Scale = 1 / MathF.Sqrt(_config.HeadLength),
            Finish = finish ? 1 : 0,
        });
    }

    /// <summary>What the parts of a context leave for the last to merge: sums of values, a maximum and a sum of weights for each token and head.</summary>
    internal sealed class Room(CudaDevice device, ModelConfig config)
    {
        public ulong Partial { get; } = device.AllocateFloats(checked((long)Operators.MostVectors * config.Heads * MostSplits * (config.ValueHeadLength + 2)));

        /// <summary>[token][KV head] parts that are done; zero between two launches.</summary>
        public ulong Arrived { get; } = device.AllocateZeroed(checked(Operators.MostVectors * config.KvHeads * sizeof(int)));
    }
}
