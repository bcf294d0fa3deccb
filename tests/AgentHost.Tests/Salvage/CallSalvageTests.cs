using System.ComponentModel;
using System.Text.Json;
using AgentRuntime.AgentHost.Salvage;
using AgentRuntime.Engine.Chat.ToolCalls;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests.Salvage;

public sealed class CallSalvageTests
{
    private static readonly AITool[] Tools =
    [
        AIFunctionFactory.Create((string path, int start = 1, bool whole = false, double? scale = null, string[]? tags = null) => path, "read_file"),
        AIFunctionFactory.Create(([Description("a")] string path, string old, string @new) => path, "edit_file"),
    ];

    private static readonly CallSalvage Salvage = new(Tools);

    [Theory]
    [InlineData("read_file", """{"path":"a"}""", "read_file", """{"path":"a"}""")]
    [InlineData("functions.Read-File", """{"path":"a"}""", "read_file", """{"path":"a"}""")]
    [InlineData("read_file", """{"Path":"a","start":"7","whole":"True"}""", "read_file", """{"path":"a","start":7,"whole":true}""")]
    [InlineData("read_file", """{"path":5,"tags":"[\"x\"]"}""", "read_file", """{"path":"5","tags":["x"]}""")]
    [InlineData("read_file", """{"path":"a","start":null}""", "read_file", """{"path":"a"}""")]
    [InlineData("read_file", """{"path":"a","start":"seven"}""", "read_file", """{"path":"a","start":"seven"}""")]
    [InlineData("read_file", """{"path":"a","start":"1.5"}""", "read_file", """{"path":"a","start":"1.5"}""")]
    [InlineData("read_file", """{"path":"a","PATH":"b"}""", "read_file", """{"path":"a","PATH":"b"}""")]
    [InlineData("read_file", """{"path":"a","scale":"2"}""", "read_file", """{"path":"a","scale":2}""")]
    [InlineData("fly", """{"Path":"a"}""", "fly", """{"Path":"a"}""")]
    public void What_is_certain_is_repaired(string name, string arguments, string repairedName, string repairedArguments)
    {
        var repaired = Salvage.Repair(new("c", name, JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments)));
        Assert.Equal((repairedName, "c"), (repaired.Name, repaired.CallId));
        Assert.Equal(repairedArguments, JsonSerializer.Serialize(repaired.Arguments));
    }

    [Fact]
    public void A_call_that_is_right_stays_the_same()
    {
        var call = new FunctionCallContent("c", "read_file", new Dictionary<string, object?> { ["path"] = "a" });
        Assert.Same(call, Salvage.Repair(call));
    }

    [Fact]
    public void Arguments_that_a_client_could_not_read_are_explained()
    {
        var repaired = Salvage.Repair(new("c", "edit_file") { Exception = new InvalidOperationException("Error parsing function call arguments.") });
        Assert.Equal("the arguments of edit_file are no valid JSON; call it again with a JSON object of path, old, new", repaired.Exception!.Message);
    }

    [Theory]
    [InlineData("<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"a\"}}\n</tool_call>")]
    [InlineData("<tool_call>\n<function=read_file>\n<parameter=path>\na\n</parameter>\n</function>\n</tool_call>")]
    [InlineData("<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a</arg_value>\n</tool_call>")]
    [InlineData("[TOOL_CALLS][{\"name\": \"read_file\", \"arguments\": {\"path\": \"a\"}}]")]
    [InlineData("{\"name\": \"read_file\", \"arguments\": {\"path\": \"a\"}}")]
    [InlineData("```json\n{\"name\": \"read_file\", \"parameters\": {\"path\": \"a\"}}\n```")]
    [InlineData("<tool_call>{'name': 'read_file', 'arguments': {'path': 'a',}}")]
    public void Calls_left_in_the_text_are_taken_out(string text)
    {
        var call = Assert.IsType<FunctionCallContent>(Assert.Single(Salvage.TakeFromText([new TextContent(text)], 4)));
        Assert.Equal(("read_file", "call00005", """{"path":"a"}"""), (call.Name, call.CallId, JsonSerializer.Serialize(call.Arguments)));
    }

    [Fact]
    public void Text_and_reasoning_beside_a_call_stay()
    {
        var taken = Salvage.TakeFromText([new TextReasoningContent("hm"), new TextContent("I read it. <tool_call>"), new TextContent("{\"name\": \"Read_File\", \"arguments\": {}}</tool_call>")], 0);
        Assert.Equal(["hm", "I read it.", "read_file"], taken.Select(c => c switch { TextReasoningContent r => r.Text, TextContent t => t.Text, FunctionCallContent f => f.Name, _ => "?" }));
    }

    [Theory]
    [InlineData("Just an answer with {\"name\": \"read_file\"} in it.")]
    [InlineData("{\"name\": \"someone\", \"age\": 3}")]
    [InlineData("Write <tool_call> before a call of a tool that is not offered: {\"name\": \"fly\", \"arguments\": {}}</tool_call>")]
    [InlineData("")]
    public void Text_stays_text(string text)
    {
        IReadOnlyList<AIContent> contents = [new TextContent(text)];
        Assert.Same(contents, Salvage.TakeFromText(contents, 0));
    }

    [Fact]
    public void A_reply_that_is_nothing_but_a_broken_call_is_no_answer()
    {
        var call = Assert.IsType<FunctionCallContent>(Assert.Single(Salvage.TakeFromText([new TextContent("<tool_call>\nread the file\n</tool_call>")], 0)));
        Assert.IsType<ToolCallFormatException>(call.Exception);
    }

    [Fact]
    public void What_cannot_be_read_becomes_a_call_with_the_reason()
    {
        var call = Assert.IsType<FunctionCallContent>(Assert.Single(Salvage.TakeFromText([new TextContent("<tool_call>{\"name\": \"read_file\", \"arguments\": {\"path\": \"a}}</tool_call>")], 0)));
        Assert.Equal("read_file", call.Name);
        Assert.Contains("a string is not closed", Assert.IsType<ToolCallFormatException>(call.Exception).Message);
    }
}
