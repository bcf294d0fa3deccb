using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Wire;

/// <summary>A call of a function; in a delta with its index.</summary>
internal sealed record ToolCall(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Type,
    ToolCall.Called Function)
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = false };

    /// <summary>The function's name and the text of its arguments, or a piece of that.</summary>
    internal sealed record Called([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name, string Arguments);

    /// <summary>A complete call.</summary>
    public static ToolCall Of(FunctionCallContent call, int? index = null) => new(index, call.CallId, "function", new(call.Name, ArgumentsOf(call)));

    /// <summary>A call's arguments as the text of a JSON object.</summary>
    public static string ArgumentsOf(FunctionCallContent call) => JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), Compact);
}
