using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using AgentRuntime.Cli.Tests;

namespace AgentRuntime.SemanticKernel.Tests;

/// <summary>The programs of examples/dotnet with the bundled model, as processes.</summary>
public sealed partial class ExamplesTests
{
    [Theory]
    [InlineData("SemanticKernelConsole")]
    [InlineData("ExtensionsAi")]
    [InlineData("AgentsAi")]
    public async Task Fixes_the_repository_and_prints_its_cached_tokens(string example)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for dotnet run is a shell script");
        using var repository = new TinyCoderRepository();
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, example + ".dll")]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = repository.Programs + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(timeout.Token);

        Assert.Equal((0, ""), (process.ExitCode, await error));
        Assert.Contains("Fixed AddPrice; all tests pass.", await output, StringComparison.Ordinal);
        Assert.Equal(2, repository.Count("end"));
        var total = Total().Match(await output);
        long Number(int group) => long.Parse(total.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
        // Each request found all that was there but the last token; the last reply's last token is still to come.
        Assert.Equal(Number(1) + Number(3) - Number(2) - 6, Number(4));
    }

    [GeneratedRegex("all (?:6 )?requests: ([0-9]+) prompt tokens, ([0-9]+) of them cached, ([0-9]+) written, ([0-9]+) computed")]
    private static partial Regex Total();
}
