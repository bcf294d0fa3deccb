using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentRuntime.AgentHost.Events;

/// <summary>Writes events as the JSON lines of <c>agentrt run --json</c>.</summary>
public static class AgentEventJson
{
    /// <summary>Snake case names, one line, text unescaped where JSON allows it.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new MillisecondsConverter() },
    };

    /// <summary>One line of JSON.</summary>
    public static string ToJson(AgentEvent value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Rounds to microseconds, so that a line stays readable.</summary>
    private sealed class MillisecondsConverter : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value, 4));
    }
}
