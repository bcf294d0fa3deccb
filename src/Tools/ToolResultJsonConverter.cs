using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentRuntime.Tools;

/// <summary>Writes a <see cref="ToolResult"/> as its text.</summary>
internal sealed class ToolResultJsonConverter : JsonConverter<ToolResult>
{
    public override ToolResult Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? "");

    public override void Write(Utf8JsonWriter writer, ToolResult value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}
