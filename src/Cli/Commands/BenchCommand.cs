using System.CommandLine;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt bench …</c>: how fast things are on this machine.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measures speed on this machine. Example: agentrt bench engine FILE") { BenchEngineCommand.Create(), BenchStepsCommand.Create(), BenchSessionsCommand.Create(), BenchReplayCommand.Create(), BenchGrammarCommand.Create(), BenchGroundingCommand.Create(), BenchKernelsCommand.Create() };

    /// <exception cref="UsageException">It is not a list of whole numbers.</exception>
    internal static int[] Numbers(string text, string option) => [.. text.Split(',').Select(part =>
        int.TryParse(part, out var number) && number >= 0 ? number : throw new UsageException($"{option}: '{part}' is not a whole number."))];
}
