namespace AgentRuntime.Engine.Formats.HuggingFace;

/// <summary>One tensor of a safetensors file, checked against the size of the file.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Type of its values, for instance <c>BF16</c>.</param>
/// <param name="Shape">Dimensions, the slowest-running first.</param>
/// <param name="Offset">First byte of the data, counted from the start of the file.</param>
/// <param name="ByteLength">Size of the data in bytes.</param>
public sealed record SafetensorsEntry(string Name, string Type, IReadOnlyList<long> Shape, long Offset, long ByteLength);
