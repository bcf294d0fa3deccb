namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>Everything in a GGUF file that stands before the tensors' data.</summary>
/// <param name="Version">Format version, 2 or 3.</param>
/// <param name="Metadata">The key/value pairs.</param>
/// <param name="Tensors">The tensors in the order of the file, with ascending offsets that do not overlap.</param>
/// <param name="Alignment">Alignment of each tensor's data in bytes.</param>
/// <param name="DataOffset">First byte of the tensors' data.</param>
public sealed record GgufHeader(
    int Version, GgufMetadata Metadata, IReadOnlyList<GgufTensorInfo> Tensors, int Alignment, long DataOffset);
