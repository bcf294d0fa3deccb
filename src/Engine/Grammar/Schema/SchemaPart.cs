using System.Text.Json;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>A schema, or some of its keywords, that a value must satisfy together with others.</summary>
/// <param name="Element">The schema.</param>
/// <param name="Pointer">Its place.</param>
/// <param name="Kind">Which of its keywords are meant.</param>
internal sealed record SchemaPart(JsonElement Element, string Pointer, SchemaPartKind Kind)
{
    /// <summary>Equal for equal parts.</summary>
    public string Key => (char)('0' + (int)Kind) + Pointer;
}
