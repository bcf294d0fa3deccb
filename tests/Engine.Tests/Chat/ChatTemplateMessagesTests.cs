using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Chat;

public class ChatTemplateMessagesTests
{
    [Fact]
    public void Messages_take_the_form_that_templates_expect()
    {
        ChatMessage[] messages =
        [
            new(ChatRole.System, "s"),
            new(ChatRole.User, [new TextContent("a"), new TextContent("b")]),
            new(ChatRole.Assistant,
            [
                new TextReasoningContent("why"), new TextContent("Looking."),
                new FunctionCallContent("c1", "read_file", new Dictionary<string, object?> { ["z"] = "é<", ["a"] = 1, ["l"] = new[] { 1.5 } }),
                new FunctionCallContent("c2", "broken") { Exception = new InvalidOperationException("x") },
            ]),
            new(ChatRole.Tool, [new FunctionResultContent("c1", "text"), new FunctionResultContent("c2", new { exit = 0 })]),
        ];
        Assert.Equal(
            [
                """{"role":"system","content":"s"}""",
                """{"role":"user","content":"ab"}""",
                """{"role":"assistant","content":"Looking.","reasoning_content":"why","tool_calls":[{"id":"c1","type":"function","function":{"name":"read_file","arguments":{"z":"é<","a":1,"l":[1.5]}}},{"id":"c2","type":"function","function":{"name":"broken","arguments":{}}}]}""",
                """{"role":"tool","tool_call_id":"c1","name":"read_file","content":"text"}""",
                """{"role":"tool","tool_call_id":"c2","name":"broken","content":"{\"exit\":0}"}""",
            ],
            ChatTemplateMessages.FromMessages(messages).Select(m => m.GetRawText()));
    }

    [Fact]
    public void Tools_keep_the_order_of_their_properties()
    {
        var tool = AIFunctionFactory.Create((string path, int start = 1) => path + start, "read_file", "Reads a file.");
        var json = Assert.Single(ChatTemplateMessages.FromTools([tool])!).GetRawText();
        Assert.StartsWith("""{"type":"function","function":{"name":"read_file","description":"Reads a file.","parameters":{""", json, StringComparison.Ordinal);
        Assert.True(json.IndexOf("\"path\"", StringComparison.Ordinal) < json.IndexOf("\"start\"", StringComparison.Ordinal));
        Assert.Null(ChatTemplateMessages.FromTools([]));
        Assert.Null(ChatTemplateMessages.FromTools(null));
    }

    [Fact]
    public void What_a_model_cannot_be_given_is_refused_in_a_sentence()
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplateMessages.FromMessages([new(ChatRole.User, [new DataContent(new byte[1], "image/png")])]));
        Assert.Contains("DataContent", error.Message, StringComparison.Ordinal);
    }
}
