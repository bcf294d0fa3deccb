using System.Diagnostics;
using System.Text.Json;

namespace AgentRuntime.Cli.Tests;

/// <summary>The built command line as a process of its own, with its files in a temporary home.</summary>
internal sealed class AgentRt : IDisposable
{
    /// <summary>Skips a test that sends Ctrl-C where SIGINT is ignored: programs inherit that from a shell that started the tests in the background.</summary>
    public static void SkipUnlessInterruptsArrive()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        if (!OperatingSystem.IsLinux()) return;
        const string Field = "SigIgn:";
        var ignored = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Field, StringComparison.Ordinal))[Field.Length..];
        Assert.SkipWhen((Convert.ToUInt64(ignored.Trim(), 16) & 2) != 0, "SIGINT is ignored here: the tests were started in the background");
    }

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public AgentRt() => Home = Directory.CreateTempSubdirectory("agentrt-home-").FullName;

    public string Home { get; }

    /// <summary>Put in front of PATH, for programs that stand in for real ones.</summary>
    public string? ExtraPath { get; init; }

    /// <summary>Further environment variables.</summary>
    public Dictionary<string, string?> Variables { get; } = [];

    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "agentrt.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["AGENTRT_HOME"] = Home;
        start.Environment.Remove("AGENTRT_MODEL");
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        if (ExtraPath is not null) start.Environment["PATH"] = ExtraPath + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        return Process.Start(start)!;
    }

    public Task<AgentRtResult> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    public async Task<AgentRtResult> RunWithInputAsync(string input, params string[] arguments)
    {
        using var process = Start(arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(timeout.Token);
        return new(process.ExitCode, await output, await error);
    }

    public void Dispose() => Directory.Delete(Home, true);
}

internal sealed record AgentRtResult(int ExitCode, string Output, string Error)
{
    public IEnumerable<JsonElement> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement);
}
