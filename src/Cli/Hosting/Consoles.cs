using Spectre.Console;

namespace AgentRuntime.Cli.Hosting;

/// <summary>Terminals for people: progress and logs go to standard error, so that standard output holds results only.</summary>
internal static class Consoles
{
    /// <summary>Standard error, in colour where it is a terminal.</summary>
    public static IAnsiConsole Error { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Whether a person can be asked: answers come from standard input, questions go to standard error.</summary>
    public static bool CanAsk => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>A console over a writer: colours only when it is the terminal's.</summary>
    public static IAnsiConsole For(TextWriter writer) => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
}
