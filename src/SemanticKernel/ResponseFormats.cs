using System.Text.Json;
using AgentRuntime.Engine;
using Microsoft.Extensions.AI;

namespace AgentRuntime.SemanticKernel;

/// <summary>The kinds of value that <see cref="AgentRuntimePromptExecutionSettings.ResponseFormat"/> takes.</summary>
internal static class ResponseFormats
{
    private const string Text = "text", JsonObject = "json_object";

    /// <exception cref="EngineException">The value is of none of the kinds.</exception>
    public static ChatResponseFormat Of(object value) => value switch
    {
        ChatResponseFormat format => format,
        Type type => ChatResponseFormat.ForJsonSchema(type),
        Text => ChatResponseFormat.Text,
        JsonObject => ChatResponseFormat.Json,
        JsonElement { ValueKind: JsonValueKind.Object } schema => ChatResponseFormat.ForJsonSchema(schema),
        JsonElement { ValueKind: JsonValueKind.String } name => Of(name.GetString()!),
        _ => throw new EngineException($"The response format '{value}' is not known; use {Text}, {JsonObject}, a JSON schema or a type."),
    };

    /// <summary>What stands for the value in JSON.</summary>
    public static JsonElement ToJson(object value) => Of(value) switch
    {
        ChatResponseFormatJson { Schema: { } schema } => schema,
        ChatResponseFormatJson => JsonSerializer.SerializeToElement(JsonObject),
        _ => JsonSerializer.SerializeToElement(Text),
    };
}
