using System.Text.Json.Serialization;

namespace AgentRuntime.Engine.Diagnostics;

/// <summary>The result of one test of <see cref="EngineBenchmark"/>.</summary>
/// <param name="Test"><c>prefill</c>, <c>decode</c> or <c>verify</c>.</param>
/// <param name="Tokens">Tokens that a run prefills, decodes or verifies.</param>
/// <param name="Depth">Tokens in the KV cache before.</param>
/// <param name="TokensPerSecond">The speed.</param>
public sealed record BenchmarkRow(string Test, int Tokens, int Depth, BenchmarkRate TokensPerSecond)
{
    /// <summary>Milliseconds of a run by part of the forward pass, where <see cref="EngineBenchmarkOptions.Parts"/> asks for them and the runner knows.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, double>? PartsMs { get; init; }

    /// <summary>Microseconds of a decode step in which the host did not wait for the GPU; null for other tests and runners.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? HostMicroseconds { get; init; }

    /// <summary>Bytes of managed memory that a decode step on a GPU allocated; null for other tests and runners.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AllocatedBytes { get; init; }
}
