using System.Text.Json;
using AgentRuntime.Engine.Chat;

namespace AgentRuntime.Engine.Tests.Chat;

/// <summary>Templates of real models, held against what Jinja2 itself renders.</summary>
public class SharedTemplateTests
{
    [Fact]
    public void Every_case_renders_as_Jinja2_does()
    {
        var failures = new List<string>();
        var count = 0;
        foreach (var file in Directory.GetFiles(TestFiles.Shared("templates"), "*.cases.json").Order(StringComparer.Ordinal))
        {
            var template = ChatTemplate.Parse(File.ReadAllText(file.Replace(".cases.json", ".jinja", StringComparison.Ordinal)));
            using var cases = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var item in cases.RootElement.EnumerateArray())
            {
                count++;
                if (Check(template, item) is { } problem) failures.Add($"{Path.GetFileName(file)} {item.GetProperty("case")}: {problem}");
            }
        }
        Assert.True(count > 0);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private static string? Check(ChatTemplate template, JsonElement item)
    {
        var input = ChatTemplateInput.FromJson(item.GetProperty("input")) with { Clock = FixedClock.Parse("2026-01-15T09:30:00") };
        try
        {
            var text = template.Render(input);
            if (!item.TryGetProperty("expected", out var expected)) return "an error was expected";
            return text == expected.GetString() ? null : $"expected\n{expected.GetString()}\nbut got\n{text}";
        }
        catch (TemplateException error)
        {
            return item.TryGetProperty("expected", out _) ? error.Message : null;
        }
    }
}
