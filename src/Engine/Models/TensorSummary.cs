namespace AgentRuntime.Engine.Models;

/// <summary>One tensor of a model file, for lists; also one of a type that the engine cannot compute with.</summary>
/// <param name="Name">Its GGUF name.</param>
/// <param name="Type">Name of its storage type, for instance <c>Q4_K</c>.</param>
/// <param name="Shape">Dimensions, the fastest-running first.</param>
/// <param name="ByteLength">Size of the data in bytes.</param>
public sealed record TensorSummary(string Name, string Type, IReadOnlyList<long> Shape, long ByteLength)
{
    /// <summary>Number of values.</summary>
    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);
}
