using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>What a runner holds on the device beside the weights.</summary>
/// <param name="device">The device.</param>
/// <param name="kernels">Its kernels.</param>
/// <param name="config">The whole model.</param>
/// <param name="layers">How many of its layers, at its end, run on the device.</param>
/// <param name="options">How many KV blocks, of what, and how large a pass.</param>
internal sealed class RunnerMemory(CudaDevice device, KernelModule kernels, ModelConfig config, int layers, RunnerOptions options)
{
    public KvPool Kv { get; } = new(device, config with { Layers = layers }, options.KvType, options.KvBlocks);

    public Workspace Workspace { get; } = new(device, config, options.MaxBatchTokens);

    public CudaBatch Batch { get; } = new(device, options.MaxBatchTokens, config.Heads / config.KvHeads, PrefillAttention.TileRows(config), options.KvBlocks, config.VocabularySize);

    public SamplingBlock Sampling { get; } = new(device, kernels, config.VocabularySize);

    public RopeTables Rope { get; } = new(device, config, RopeTables.Positions(config, options.KvBlocks));

    public TensorCores TensorCores { get; } = new(kernels, device, TensorCores.InputValues(config, options.MaxBatchTokens), config.Experts, options.MaxBatchTokens * config.ExpertsUsed);

    public DecodeAttention.Room AttentionRoom { get; } = new(device, config);

    public ulong PrefillPartial { get; } = PrefillAttention.AllocatePartial(device, config);
}
