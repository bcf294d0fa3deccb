using System.Diagnostics;
using AgentRuntime.Engine.Backends.Cuda;
using AgentRuntime.Engine.Backends.Cuda.Driver;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>
/// The GPU that the tests use: what AGENTRT_CUDA_DRIVER names or the machine's own when AGENTRT_TEST_GPU is set,
/// otherwise the host emulation, built on first use; skipped where there is no C++ compiler.
/// </summary>
internal static class EmulatedGpu
{
    private static readonly Lazy<string?> Problem = new(Prepare);

    public static bool IsEmulated { get; private set; }

    public static CudaBackend Open()
    {
        Assert.SkipWhen(Problem.Value is not null, Problem.Value ?? "");
        return CudaBackend.Open();
    }

    public static ICudaDriver Driver()
    {
        Assert.SkipWhen(Problem.Value is not null, Problem.Value ?? "");
        return CudaDriver.Load();
    }

    private static string? Prepare()
    {
        if (Environment.GetEnvironmentVariable(CudaNative.PathVariable) is { Length: > 0 } || Environment.GetEnvironmentVariable("AGENTRT_TEST_GPU") is { Length: > 0 }) return null;
        if (!OperatingSystem.IsLinux()) return "the emulation of a GPU is built on Linux only";
        var output = Path.Combine(AppContext.BaseDirectory, "cuda-emulation");
        var start = new ProcessStartInfo(Path.Combine(TestFiles.Root, "native", "kernels", "emulation", "build"), [output])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var path = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        if (process.ExitCode != 0) return errors.Result.Trim();
        IsEmulated = true;
        Environment.SetEnvironmentVariable(CudaNative.PathVariable, path);
        return null;
    }
}
