using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>The JSON schema of workflows, for editors: made from the keys that the reader accepts.</summary>
public static class WorkflowSchema
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
    };

    /// <summary>The schema file's content.</summary>
    public static string Create()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "AgentRuntime workflow",
        };
        foreach (var (key, value) in MapOf(WorkflowKeys.Workflow)) schema[key] = value?.DeepClone();
        var definitions = new JsonObject
        {
            ["id"] = new JsonObject { ["type"] = "string", ["pattern"] = Identifiers.Pattern },
            ["inputType"] = new JsonObject { ["enum"] = new JsonArray([.. Enum.GetNames<InputType>().Select(n => (JsonNode)n.ToLowerInvariant())]) },
        };
        foreach (var shape in WorkflowKeys.All.Where(s => s != WorkflowKeys.Workflow)) definitions[shape.Definition] = MapOf(shape);
        ((JsonObject)definitions["step"]!)["oneOf"] = OneOf("uses", "run", "prompt", "agent");
        ((JsonObject)definitions["server"]!)["oneOf"] = OneOf("command", "url");
        schema["$defs"] = definitions;
        return schema.ToJsonString(Indented) + "\n";
    }

    private static JsonObject MapOf(MapShape shape)
    {
        var properties = new JsonObject();
        foreach (var key in shape.Keys)
        {
            // A schema that is just "true" has no place for a description.
            var value = JsonNode.Parse(key.Schema) as JsonObject ?? [];
            value.Insert(0, "description", key.Description);
            properties.Add(key.Name, value);
        }
        var map = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (shape.Keys.Any(k => k.Required)) map["required"] = new JsonArray([.. shape.Keys.Where(k => k.Required).Select(k => (JsonNode)k.Name)]);
        map["additionalProperties"] = false;
        return map;
    }

    private static JsonArray OneOf(params string[] keys) => new([.. keys.Select(k => (JsonNode)new JsonObject { ["required"] = new JsonArray(k) })]);
}
