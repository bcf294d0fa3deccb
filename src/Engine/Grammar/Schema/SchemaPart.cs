using System.Text.Json;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>Something that a value must satisfy together with others.</summary>
/// <param name="Element">The schema or keyword.</param>
/// <param name="Pointer">Its place.</param>
/// <param name="Kind">What of it is meant.</param>
/// <param name="Name">The property or keyword that is meant.</param>
internal sealed record SchemaPart(JsonElement Element, string Pointer, SchemaPartKind Kind, string Name = "")
{
    /// <summary>Equal for equal parts.</summary>
    public string Key => $"{(char)('A' + (int)Kind)}{Pointer}\0{Name}";
}
