using AgentRuntime.Engine.Chat.ToolCalls;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

public class ToolCallParserTests
{
    private const string ReadFile = "call {\"name\": \"read_file\", \"parameters\": {\"path\": \"a.cs\"}}";
    private const string Two = ReadFile + "\ncall {\"name\": \"run\", \"parameters\": {\"n\": 2}}";

    [Theory]
    [InlineData("hermes", "Just text.", "text Just text.")]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"}}\n</tool_call>", ReadFile)]
    [InlineData("hermes", "Looking.\n<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"}}\n</tool_call>", "text Looking.\n" + ReadFile)]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"run\", \"arguments\": {\"n\": 2}}\n</tool_call>", Two)]
    [InlineData("hermes", "<think>\nhm, a <b>\n</think>\n\nSo:\n<tool_call>{\"arguments\": {\"path\": \"a.cs\"}, \"name\": \"read_file\"}</tool_call>", "thought hm, a <b>\ntext So:\n" + ReadFile)]
    [InlineData("hermes", "a < b, <tool> and <tool_cal", "text a < b, <tool> and <tool_cal")]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"run\", \"arguments\": {\"c\": \"echo '</tool_call>' \\\"}{\"}}\n</tool_call> done", "call {\"name\": \"run\", \"parameters\": {\"c\": \"echo '</tool_call>' \\\"}{\"}}\ntext done")]
    [InlineData("qwen3-coder", "I read.\n\n<tool_call>\n<function=read_file>\n<parameter=path>\na.cs\n</parameter>\n</function>\n</tool_call>", "text I read.\n" + ReadFile)]
    [InlineData("qwen3-coder", "<tool_call>\n<function=run>\n<parameter=code>\nif (a < b)\n\n  x = \"</parameter>\";\n\n</parameter>\n<parameter=n>\n2\n</parameter>\n</function>\n</tool_call>", "call {\"name\": \"run\", \"parameters\": {\"code\": \"if (a < b)\\n\\n  x = \\\"</parameter>\\\";\\n\", \"n\": 2}}")]
    [InlineData("qwen3-coder", "<function=run>\n<parameter=n>2</parameter></function>", "call {\"name\": \"run\", \"parameters\": {\"n\": 2}}")]
    [InlineData("qwen3-coder", "<tool_call>\n<function=run>\n</function>\n</tool_call>", "call {\"name\": \"run\", \"parameters\": {}}")]
    [InlineData("glm", "<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a.cs</arg_value>\n</tool_call>\n<tool_call>run\n<arg_key>n</arg_key>\n<arg_value>2</arg_value>\n</tool_call>", Two)]
    [InlineData("llama3", "{\"name\": \"read_file\", \"parameters\": {\"path\": \"a.cs\"}}", ReadFile)]
    [InlineData("llama3", "<|python_tag|>{\"name\": \"read_file\", \"parameters\": {\"path\": \"a.cs\"}}; {\"name\": \"run\", \"parameters\": {\"n\": 2}}", Two)]
    [InlineData("llama3", "{\"answer\": 42} is it.", "text {\"answer\": 42} is it.")]
    [InlineData("llama3", "<|python_tag|>read_file.call(path=\"a.cs\")", ReadFile)]
    [InlineData("mistral-list", "[TOOL_CALLS][{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"}, \"id\": \"abc\"}, {\"name\": \"run\", \"arguments\": {\"n\": 2}}]", Two)]
    [InlineData("mistral", "Now.[TOOL_CALLS]read_file[ARGS]{\"path\": \"a.cs\"}[TOOL_CALLS]run[CALL_ID]123456789[ARGS]{\"n\": 2}", "text Now.\n" + Two)]
    [InlineData("mistral", "[TOOL_CALLS]read_file{\"path\": \"a.cs\"}", ReadFile)]
    [InlineData("deepseek", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read_file\n```json\n{\"path\": \"a.cs\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>run\n```json\n{\"n\": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>", Two)]
    [InlineData("deepseek-3.1", "Hm.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>read_file<｜tool▁sep｜>{\"path\": \"a.cs\"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>run<｜tool▁sep｜>{\"n\": 2}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "text Hm.\n" + Two)]
    [InlineData("kimi", "<|tool_calls_section_begin|><|tool_call_begin|>functions.read_file:0<|tool_call_argument_begin|>{\"path\": \"a.cs\"}<|tool_call_end|><|tool_call_begin|>functions.run:1<|tool_call_argument_begin|>{\"n\": 2}<|tool_call_end|><|tool_calls_section_end|>", Two)]
    [InlineData("granite", "<|tool_call|>[{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"}}, {\"name\": \"run\", \"arguments\": {\"n\": 2}}]", Two)]
    [InlineData("harmony", "<|channel|>analysis<|message|>Need the file.<|end|><|start|>assistant<|channel|>commentary to=functions.read_file <|constrain|>json<|message|>{\"path\": \"a.cs\"}", "thought Need the file.\n" + ReadFile)]
    [InlineData("harmony", " to=functions.read_file<|channel|>commentary json<|message|>{\"path\": \"a.cs\"}<|call|>", ReadFile)]
    [InlineData("harmony", "<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>final<|message|>It is 4.", "thought Easy.\ntext It is 4.")]
    [InlineData("harmony", "It is 4.", "text It is 4.")]
    [InlineData("generic", "{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"}}", ReadFile)]
    [InlineData("generic", "Ok\n<tool_call>{\"function\": {\"name\": \"read_file\", \"arguments\": \"{\\\"path\\\": \\\"a.cs\\\"}\"}, \"type\": \"function\"}</tool_call>", "text Ok\n" + ReadFile)]
    public void Replies_are_taken_apart(string format, string reply, string expected) =>
        Assert.Equal(expected, Replies.ParseEveryWay(format, reply, new() { Schemas = Schemas }));

    [Theory]
    [InlineData("{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\",}}")]
    [InlineData("{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"}")]
    [InlineData("{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"")]
    [InlineData("{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"}}}")]
    [InlineData("{'name': 'read_file', 'arguments': {'path': 'a.cs'}}")]
    [InlineData("{name: \"read_file\", arguments: {path: \"a.cs\"}}")]
    [InlineData("[{\"name\": \"read_file\", \"arguments\": {\"path\": \"a.cs\"}}]")]
    [InlineData("{\"name\": \"functions.read_file\", \"parameters\": {\"path\": \"a.cs\"}}")]
    public void What_can_only_be_meant_one_way_is_repaired(string call) =>
        Assert.Equal(ReadFile, Replies.ParseEveryWay("hermes", $"<tool_call>\n{call}\n</tool_call>"));

    [Theory]
    [InlineData("{\"name\": \"w\", \"arguments\": {\"t\": \"line\nnext\ttab\"}}", "{\"t\": \"line\\nnext\\ttab\"}")]
    [InlineData("{\"name\": \"w\", \"arguments\": {\"t\": \"\\d+ \\'q\\' \\u00e9\"}}", "{\"t\": \"\\\\d+ 'q' é\"}")]
    [InlineData("{\"name\": \"w\", \"arguments\": {\"a\": True, \"b\": None, \"c\": [1, 2,]}}", "{\"a\": true, \"b\": null, \"c\": [1, 2]}")]
    [InlineData("{\"name\": \"w\", \"arguments\": null}", "{}")]
    [InlineData("{\"name\": \"w\"}", "{}")]
    public void Values_survive_a_repair(string call, string arguments) =>
        Assert.Equal($"call {{\"name\": \"w\", \"parameters\": {arguments}}}", Replies.ParseEveryWay("hermes", $"<tool_call>\n{call}\n</tool_call>"));

    [Theory]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"w\", \"arguments\": {\"t\": \"never closed}}\n</tool_call>", "malformed w: the call is no valid JSON: a string is not closed")]
    [InlineData("hermes", "<tool_call>\nread the file\n</tool_call>", "malformed unknown: the call is no JSON object")]
    [InlineData("hermes", "<tool_call>\n</tool_call>", "malformed unknown: ")]
    [InlineData("hermes", "<tool_call>", "malformed unknown: the call is empty")]
    [InlineData("hermes", "<tool_call>\n{\"arguments\": {}}\n</tool_call>", "malformed unknown: the call has no name")]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"w\", \"arguments\": [1]}\n</tool_call>", "malformed w: the arguments of w must be a JSON object")]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"w\", \"arguments\": {\"a\" 1}}\n</tool_call>", "malformed w: the call is no valid JSON: ':' is missing after a key")]
    [InlineData("mistral", "[TOOL_CALLS]w[ARGS]{\"a\": \"x", "malformed w: the arguments of w are no valid JSON: a string is not closed")]
    [InlineData("qwen3-coder", "<tool_call>\n<function=w>\n<parameter=a>\nx", "malformed w: the call of w is not complete")]
    [InlineData("llama3", "<|python_tag|>print(1)", "malformed unknown: only calls of the offered tools")]
    public void What_cannot_be_read_is_said_to_the_model(string format, string reply, string expected) =>
        Assert.StartsWith(expected, Replies.ParseEveryWay(format, reply), StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"name\": \"read_file\", \"parameters\": {\"path\": \"a.cs\"}}", ReadFile)]
    [InlineData("{ \"name\": \"read_file\", \"parameters\": {\"path\": \"a.cs\"}}", "text { \"name\": \"read_file\", \"parameters\": {\"path\": \"a.cs\"}}")]
    [InlineData("{\"a\": 1, \"name\": \"read_file\"}", "text {\"a\": 1, \"name\": \"read_file\"}")]
    [InlineData("{\"na", "text {\"na")]
    public void Of_a_reply_that_is_held_a_bare_object_is_a_call_only_as_the_grammar_writes_it(string reply, string expected) =>
        Assert.Equal(expected, Replies.ParseEveryWay("llama3", reply, new() { IsHeld = true }));

    [Fact]
    public void A_call_is_ready_with_its_last_brace()
    {
        var parser = HermesFormat.Instance.CreateParser(new() { CallsBefore = 41 });
        Assert.Equal([ReplyPartKind.CallStarted], parser.Push("<tool_call>\n{\"name\": \"run\"").Select(p => p.Kind));
        Assert.Equal("{\"n\"", Assert.Single(parser.Push(", \"arguments\": {\"n\"")).Text);
        var parts = parser.Push(": 2}}");
        Assert.Equal([ReplyPartKind.Arguments, ReplyPartKind.CallReady], parts.Select(p => p.Kind));
        Assert.Equal("call00042", parts[1].Call!.CallId);
    }

    [Fact]
    public void A_reply_can_start_inside_the_reasoning()
    {
        var reply = "Let me think.\n</think>\n\nDone.";
        Assert.Equal("thought Let me think.\ntext Done.", Replies.ParseEveryWay("hermes", reply, new() { StartsInReasoning = true }));
    }

    [Fact]
    public void No_text_whatever_makes_a_parser_fail()
    {
        string[] pieces =
        [
            "<tool_call>", "</tool_call>", "{", "}", "[", "]", "\"", "'", ":", ",", "\"name\"", "\"arguments\"", "\"parameters\"", "\n", " ", "a", "<function=", "</function>",
            "<parameter=", "</parameter>", ">", "<think>", "</think>", "[TOOL_CALLS]", "[ARGS]", "<|channel|>", "<|message|>", "to=functions.x", "<|end|>", "<|start|>", "\\", "\\u12",
            "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "<|python_tag|>", "<|tool_call|>", "```json",
        ];
        var random = new Random(3);
        foreach (var format in ToolCallFormats.All)
        {
            for (var round = 0; round < 1500; round++)
            {
                var reply = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => pieces[random.Next(pieces.Length)]));
                var whole = Replies.Parse(format, reply, int.MaxValue / 2);
                Assert.Equal(whole, Replies.Parse(format, reply, random.Next(1, 5)));
            }
        }
    }

    private static ToolSchemas Schemas => new([Microsoft.Extensions.AI.AIFunctionFactory.Create((string code, int n) => code + n, "run"), Microsoft.Extensions.AI.AIFunctionFactory.Create((string path) => path, "read_file")]);
}
