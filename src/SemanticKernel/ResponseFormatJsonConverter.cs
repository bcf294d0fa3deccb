using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentRuntime.SemanticKernel;

/// <summary>Writes a response format as its name or its schema, and reads it as what was written.</summary>
internal sealed class ResponseFormatJsonConverter : JsonConverter<object>
{
    public override object Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString()! : JsonElement.ParseValue(ref reader);

    public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options) => ResponseFormats.ToJson(value).WriteTo(writer);
}
