using System.Diagnostics;

namespace AgentRuntime.Cli.Tests;

/// <summary>The emulation of a GPU, for processes that tests start; built on first use, skipped where there is no C++ compiler.</summary>
internal static class EmulatedGpu
{
    private static readonly Lazy<(string Path, string? Problem)> Built = new(Build);

    /// <summary>Makes the processes that are started see the emulated GPU.</summary>
    /// <param name="agentrt">Whose processes.</param>
    /// <param name="settings">What it is like, as native/kernels/emulation/settings.h says.</param>
    public static void Give(AgentRt agentrt, string settings = "")
    {
        Assert.SkipWhen(Built.Value.Problem is not null, Built.Value.Problem ?? "");
        agentrt.Variables["AGENTRT_CUDA_DRIVER"] = Built.Value.Path;
        agentrt.Variables["AGENTRT_EMULATION"] = settings;
    }

    private static (string Path, string? Problem) Build()
    {
        if (!OperatingSystem.IsLinux()) return ("", "the emulation of a GPU is built on Linux only");
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "AgentRuntime.sln")))
        {
            if (Path.GetDirectoryName(root) is not { } above) return ("", "the emulation of a GPU is built from the repository");
            root = above;
        }
        var start = new ProcessStartInfo(Path.Combine(root, "native", "kernels", "emulation", "build")) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var path = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return (path, process.ExitCode == 0 ? null : errors.Result.Trim());
    }
}
