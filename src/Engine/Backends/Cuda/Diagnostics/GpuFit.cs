namespace AgentRuntime.Engine.Backends.Cuda.Diagnostics;

/// <summary>Whether and how a model fits a GPU as it is now.</summary>
/// <param name="Ordinal">The GPU's number, from 0.</param>
/// <param name="Name">Its name.</param>
/// <param name="FreeBytes">Bytes of its memory that are free.</param>
/// <param name="WeightBytes">Bytes that all weights take there.</param>
/// <param name="KvBytesPerToken">Bytes that a token's keys and values take over all layers.</param>
/// <param name="Layers">Layers of the model.</param>
/// <param name="FittingLayers">Layers for which there is room beside the wanted context.</param>
/// <param name="LongestContext">Tokens of the longest context that fits beside all layers, at most the model's own; 0 where they do not fit.</param>
public sealed record GpuFit(int Ordinal, string Name, long FreeBytes, long WeightBytes, long KvBytesPerToken, int Layers, int FittingLayers, int LongestContext);
