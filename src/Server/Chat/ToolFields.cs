using System.Text.Json;
using AgentRuntime.Server.Http;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Chat;

/// <summary>Reads the tools of a request and how they may be called, in the form of chat completions or of responses.</summary>
internal static class ToolFields
{
    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    /// <summary>Fills in tools, tool mode and whether several calls are allowed.</summary>
    /// <exception cref="ApiException">One of them is not as it should be.</exception>
    public static void Read(JsonFields request, ChatOptions options)
    {
        List<AITool> tools = [];
        foreach (var (value, path) in request.Items("tools"))
        {
            if (Tool(new(value, path)) is not { } tool) continue;
            if (tools.Any(t => t.Name == tool.Name)) throw ApiException.Invalid(path, $"is a second tool named {tool.Name}");
            tools.Add(tool);
        }
        options.Tools = tools.Count > 0 ? tools : null;
        options.AllowMultipleToolCalls = request.Flag("parallel_tool_calls");
        if (request.Find("tool_choice") is { } choice) options.ToolMode = Mode(choice, request.PathOf("tool_choice"), tools);
    }

    private static AIFunctionDeclaration? Tool(JsonFields tool)
    {
        var type = tool.RequireText("type");
        // A tool that OpenAI would run itself: the model is not told of it and so never asks for it.
        if (type is "web_search" or "web_search_preview" or "image_generation" or "code_interpreter" or "file_search") return null;
        if (type != "function") throw ApiException.Unsupported(tool.PathOf("type"), "must be function");
        // In the form of responses, the function's fields are the tool's own.
        var function = tool.Object("function") ?? tool;
        var name = function.RequireText("name");
        if (name.Length is 0 or > 64 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.')))
            throw ApiException.Invalid(function.PathOf("name"), "must be 1 to 64 letters, digits, _, - or .");
        var parameters = function.Object("parameters") is null ? NoParameters : function.Find("parameters")!.Value.Clone();
        return AIFunctionFactory.CreateDeclaration(name, function.Text("description") ?? "", parameters);
    }

    private static ChatToolMode Mode(JsonElement choice, string path, List<AITool> tools)
    {
        if (choice.ValueKind == JsonValueKind.String)
        {
            return choice.GetString() switch
            {
                "auto" => ChatToolMode.Auto,
                "none" => ChatToolMode.None,
                "required" => tools.Count > 0 ? ChatToolMode.RequireAny : throw ApiException.Invalid(path, "is required, but there are no tools"),
                _ => throw ApiException.Invalid(path, "must be auto, none, required or a function"),
            };
        }
        var fields = new JsonFields(choice, path);
        if (fields.RequireText("type") != "function") throw ApiException.Unsupported(fields.PathOf("type"), "must be function");
        var function = fields.Object("function") ?? fields;
        var name = function.RequireText("name");
        return tools.Any(t => t.Name == name) ? ChatToolMode.RequireSpecific(name) : throw ApiException.Invalid(function.PathOf("name"), "names none of the tools");
    }
}
