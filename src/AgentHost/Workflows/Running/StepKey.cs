using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Validation;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>What tells a step from others in the journal: a hash of the step as written, its resolved inputs and its conversation.</summary>
internal static class StepKey
{
    /// <summary>The key of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="inputs">Its resolved inputs.</param>
    /// <param name="item">The item of its <c>foreach</c>, or null.</param>
    /// <param name="lineage">What its conversation holds.</param>
    /// <param name="called">The workflow that it calls, or null.</param>
    public static string Of(WorkflowStep step, JsonObject inputs, JsonNode? item, string lineage, LoadedWorkflow? called) =>
        Hash([step.Definition, JsonValues.Json(inputs), JsonValues.Json(item), lineage, .. (called?.All ?? []).SelectMany(w => w.Steps).Select(s => s.Id + s.Definition)]);

    /// <summary>SHA-256 of texts in hex; where one ends and the next begins counts.</summary>
    public static string Hash(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
