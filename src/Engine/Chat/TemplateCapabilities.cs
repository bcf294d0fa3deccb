using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentRuntime.Engine.Chat;

/// <summary>What a template can render; found by trying.</summary>
/// <param name="System">Renders a system message.</param>
/// <param name="SeveralSystem">Renders a second system message too.</param>
/// <param name="Tools">Describes tools.</param>
/// <param name="ToolCalls">Renders an assistant's tool calls.</param>
/// <param name="ParallelCalls">Renders several of them in one message.</param>
/// <param name="ToolResults">Renders messages of role <c>tool</c>.</param>
public sealed record TemplateCapabilities(
    bool System, bool SeveralSystem, bool Tools, bool ToolCalls, bool ParallelCalls, bool ToolResults)
{
    /// <summary>Tries a template with small conversations.</summary>
    public static TemplateCapabilities Probe(ChatTemplate template)
    {
        var user = Message("user", "zqu1");
        var system = Message("system", "zqs1");
        var tool = Json("""{"type":"function","function":{"name":"zqt1","description":"zqd1","parameters":{"type":"object","properties":{"zqp1":{"type":"string","description":"zqd2"}},"required":["zqp1"]}}}""");
        bool Renders(IReadOnlyList<JsonElement>? tools, string[] marks, params JsonElement[] messages)
        {
            try
            {
                var text = template.Render(new() { Messages = messages, Tools = tools, AddGenerationPrompt = true, BosToken = "<s>", EosToken = "</s>" });
                return marks.All(m => text.Contains(m, StringComparison.Ordinal));
            }
            catch (TemplateException)
            {
                return false;
            }
        }
        bool Either(IReadOnlyList<JsonElement>? tools, string[] marks, params JsonElement[] rest) =>
            Renders(tools, marks, [user, .. rest]) || Renders(tools, marks, [system, user, .. rest]);

        var hasTools = Either([tool], ["zqt1"]);
        IReadOnlyList<JsonElement>? offered = hasTools ? [tool] : null;
        var hasResults = Either(offered, ["zqr1"], Calls("", 1), Result(1)) || Either(offered, ["zqr1"], Calls(null, 1), Result(1));
        return new(
            Renders(null, ["zqs1"], system, user),
            Renders(null, ["zqs1", "zqs2"], system, Message("system", "zqs2"), user),
            hasTools,
            Either(offered, ["zqt1", "zqa1"], Calls("", 1), Result(1)) || Either(offered, ["zqt1", "zqa1"], Calls(null, 1), Result(1)),
            Either(offered, ["zqa1", "zqa2"], Calls("", 2), Result(1), Result(2)),
            hasResults);
    }

    private static JsonElement Message(string role, string content) => JsonSerializer.SerializeToElement(new { role, content });

    private static JsonElement Result(int number) =>
        Json($$"""{"role":"tool","tool_call_id":"call0000{{number}}","name":"zqt1","content":"zqr{{number}}"}""");

    private static JsonElement Calls(string? content, int count) => JsonSerializer.SerializeToElement(new JsonObject
    {
        ["role"] = "assistant",
        ["content"] = content,
        ["tool_calls"] = new JsonArray([.. Enumerable.Range(1, count).Select(i => new JsonObject
        {
            ["id"] = $"call0000{i}",
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = "zqt1", ["arguments"] = new JsonObject { ["zqp1"] = $"zqa{i}" } },
        })]),
    });

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
