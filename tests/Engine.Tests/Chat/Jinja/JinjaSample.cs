using System.Text.Json;
using AgentRuntime.Engine.Chat;

namespace AgentRuntime.Engine.Tests.Chat.Jinja;

/// <summary>Renders snippets with a fixed set of variables. The expected texts in these tests come from Jinja2 3.1 itself.</summary>
internal static class JinjaSample
{
    private const string Input = """
        {"messages": [], "now": "2026-01-05T09:30:07", "n": null, "t": true, "i": 7, "neg": -7, "f": 2.5, "s": "Hello World", "u": "aé🙂b", "e": "", "l": [3, 1, 2], "ls": ["b", "A", "c"], "d": {"b": 1, "a": {"x": [1, 2]}, "items": "own"},
        "ms": [{"role": "user", "content": "q1", "n": 2}, {"role": "assistant", "content": "a1", "n": 1}, {"role": "user", "content": "q2", "n": 3}], "big": 18446744073709551615,
        "fl": 1e+22, "html": "<a href='x'>\"&</a>", "ml": "one\n two\n\nthree\n"}
        """;

    public static string Render(string source)
    {
        using var json = JsonDocument.Parse(Input);
        return ChatTemplate.Parse(source).Render(ChatTemplateInput.FromJson(json.RootElement));
    }
}
