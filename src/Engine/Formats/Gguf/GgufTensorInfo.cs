namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>One line of a GGUF file's list of tensors, checked against the size of the file.</summary>
/// <param name="Name">Unique name.</param>
/// <param name="Type">How it is stored, perhaps a type that this engine cannot compute with.</param>
/// <param name="Shape">Dimensions, the fastest-running first.</param>
/// <param name="Offset">First byte of the data, counted from the start of the file.</param>
/// <param name="ByteLength">Size of the data in bytes.</param>
public sealed record GgufTensorInfo(string Name, GgufTensorType Type, IReadOnlyList<long> Shape, long Offset, long ByteLength);
