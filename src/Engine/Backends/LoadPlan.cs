namespace AgentRuntime.Engine.Backends;

/// <summary>What a backend will make of a model.</summary>
/// <param name="GpuLayers">Layers at the model's end that run on a GPU, with its output matrix; those before run on the processor.</param>
/// <param name="BlockBytes">Bytes of one KV block over all layers.</param>
/// <param name="KvBlocks">KV blocks that there is room for beside the weights.</param>
/// <param name="Note">What a user should know, one sentence, or null.</param>
public sealed record LoadPlan(int GpuLayers, long BlockBytes, long KvBlocks, string? Note = null);
