using System.ComponentModel;
using System.Diagnostics;

namespace AgentRuntime.Tools.Sandbox;

/// <summary>Finds out whether bubblewrap is present and works here: many systems have it and forbid user namespaces.</summary>
public static class SandboxProbe
{
    private static readonly Lazy<SandboxStatus> Probed = new(Probe);

    /// <summary>What this machine offers. Runs <c>true</c> in the sandbox at the first call, and remembers.</summary>
    public static SandboxStatus Status => Probed.Value;

    /// <summary>The full path of a program on PATH; null where there is none.</summary>
    internal static string? FindProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Where(Path.IsPathRooted)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);

    private static SandboxStatus Probe()
    {
        if (!OperatingSystem.IsLinux())
            return Missing("bubblewrap runs on Linux only, so commands run without a sandbox here.");
        if (FindProgram("bwrap") is not { } executable)
            return Missing("bubblewrap is not installed; install the package 'bubblewrap' to run commands in a sandbox.");

        var sandbox = new BubblewrapSandbox(executable);
        // Any folder will do: `true` writes nothing.
        var start = sandbox.CreateStartInfo(new SandboxMounts(AppContext.BaseDirectory.TrimEnd('/'), []), ["true"]);
        start.RedirectStandardError = true;
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
            {
                process.Kill();
                return Missing($"{executable} did not start a command within 10 s.");
            }

            return process.ExitCode == 0
                ? new SandboxStatus(sandbox, true, executable)
                : Missing($"{executable} does not work here: {error.Result.ReplaceLineEndings(" ").Trim()}");
        }
        catch (Win32Exception failure)
        {
            return Missing($"{executable} does not start: {failure.Message}");
        }
    }

    private static SandboxStatus Missing(string reason) => new(new NoSandbox(), false, reason);
}
