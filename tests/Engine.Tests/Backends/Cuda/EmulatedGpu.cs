using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
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

    /// <summary>Makes the emulated device another one, or one that fails, until what is returned is disposed.</summary>
    /// <param name="settings">As native/kernels/emulation/driver.cpp reads them.</param>
    public static IDisposable Configure(string settings)
    {
        Assert.SkipWhen(Problem.Value is not null, Problem.Value ?? "");
        Assert.SkipUnless(IsEmulated, "only the emulation fails when it is told to");
        Apply(settings);
        return new Restore();
    }

    private static unsafe void Apply(string settings)
    {
        var configure = (delegate* unmanaged<byte*, int>)NativeLibrary.GetExport(NativeLibrary.Load(CudaNative.FileName), "emulation_configure");
        fixed (byte* text = Encoding.UTF8.GetBytes(settings + "\0")) _ = configure(text);
    }

    public static ICudaDriver Driver()
    {
        Assert.SkipWhen(Problem.Value is not null, Problem.Value ?? "");
        return CudaDriver.Load();
    }

    private sealed class Restore : IDisposable
    {
        public void Dispose() => Apply("");
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
