using Spectre.Console;

namespace AgentRuntime.Cli.Output;

/// <summary>Unified diffs in colour.</summary>
internal static class Diffs
{
    public static void Write(IAnsiConsole console, string diff)
    {
        foreach (var line in VisibleText.Of(diff).TrimEnd('\n').Split('\n'))
        {
            var colour = line.StartsWith("@@", StringComparison.Ordinal) ? "cyan" : line[..Math.Min(1, line.Length)] switch { "+" => "green", "-" => "red", _ => "grey" };
            console.MarkupLine($"[{colour}]{Markup.Escape(line)}[/]");
        }
    }
}
