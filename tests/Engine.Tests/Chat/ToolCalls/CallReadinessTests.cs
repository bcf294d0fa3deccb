using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Chat.ToolCalls;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

/// <summary>Calls come piece by piece, and each is ready before the reply ends.</summary>
public sealed class CallReadinessTests
{
    private static readonly ToolSchemas Schemas = new([ToolSets.Tool("run", """{"type":"object","properties":{"code":{"type":"string"},"n":{"type":"integer"}}}""")]);

    public static TheoryData<string, string> Families => new()
    {
        { "harmony", "}" }, { "qwen3-coder", "</function>" }, { "glm", "</tool_call>" }, { "deepseek", "}" }, { "deepseek-3.1", "}" }, { "kimi", "}" },
        { "mistral", "}" }, { "mistral-list", "}}" }, { "granite", "}}" }, { "hermes", "}}" }, { "llama3", "}}" }, { "generic", "}}" },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void A_call_is_ready_with_what_closes_its_arguments(string family, string close)
    {
        var format = ToolCallFormats.Find(family)!;
        var reply = format.Write([Call()]);
        var ready = reply.LastIndexOf(close, StringComparison.Ordinal) + close.Length;
        var parser = format.CreateParser(new() { Schemas = Schemas });
        var arguments = new StringBuilder();
        string? name = null;
        for (var i = 0; i < reply.Length; i++)
        {
            foreach (var part in parser.Push(reply[i].ToString()))
            {
                if (part.Kind == ReplyPartKind.CallStarted) name = part.Text;
                if (part.Kind == ReplyPartKind.Arguments)
                {
                    Assert.Equal("run", name);
                    arguments.Append(part.Text);
                }
                if (part.Kind != ReplyPartKind.CallReady) continue;
                Assert.Equal(ready, i + 1);
                Assert.Equal("""{"code": "a\n\"b\"", "n": 2}""", CallText.Arguments(part.Call!));
                Assert.True(JsonElement.DeepEquals(JsonElement.Parse("""{"code": "a\n\"b\"", "n": 2}"""), JsonElement.Parse(arguments.ToString())));
                return;
            }
            // The name is known before the arguments are complete, and so are the first of these.
            if (reply.AsSpan(0, i + 1).EndsWith("\\n") || reply.AsSpan(0, i + 1).EndsWith("n</arg_key>") || reply.AsSpan(0, i + 1).EndsWith("<parameter=n>"))
            {
                Assert.Equal("run", name);
                Assert.NotEqual(0, arguments.Length);
            }
        }
        Assert.Fail("The call is not ready at the end of the reply.");
    }

    private static FunctionCallContent Call() => new("", "run", new Dictionary<string, object?> { ["code"] = "a\n\"b\"", ["n"] = 2 });
}
