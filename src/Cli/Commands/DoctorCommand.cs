using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Backends.Cuda;
using AgentRuntime.Engine.Backends.Cuda.Diagnostics;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Tools.Sandbox;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt doctor</c>: what this machine offers.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("doctor", "Shows what this machine offers. Example: agentrt doctor") { json };
        command.SetAction(result =>
        {
            var output = result.InvocationConfiguration.Output;
            var facts = Facts();
            if (result.GetValue(json))
            {
                var document = facts.ToDictionary(f => f.Name.Replace(' ', '_'), f => (object)f.Value);
                document["gpus"] = Reports(out _).Select(Json);
                JsonLines.Write(output, document);
                return;
            }
            var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
            foreach (var (name, value) in facts) table.AddRow($"[bold]{name}[/]", Markup.Escape(value));
            Consoles.For(output).Write(table);
        });
        return command;
    }

    private static List<(string Name, string Value)> Facts()
    {
        var sandbox = SandboxProbe.Status;
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);
        var models = Directory.Exists(AppPaths.Models) ? Directory.GetFileSystemEntries(AppPaths.Models).Length : 0;
        return
        [
            ("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}"),
            ("processor", $"{Environment.ProcessorCount} cores, {RuntimeInformation.ProcessArchitecture}"),
            ("instructions", string.Join(", ", Instructions())),
            ("memory", string.Create(CultureInfo.InvariantCulture, $"{memory:0.0} GiB")),
            ("gpu", Gpus()),
            ("kv host memory", $"up to {Sizes.Text(EngineOptions.DefaultHostMemoryLimit)} beside a GPU (--kv-host)"),
            ("sandbox", sandbox.Works ? $"bubblewrap works ({sandbox.Detail})" : sandbox.Detail),
            ("models", $"{models} installed in {AppPaths.Models}"),
            ("journal", AppPaths.Journal),
            ("configuration", AppPaths.Configuration + (File.Exists(AppPaths.Configuration) ? "" : " (none)")),
        ];
    }

    private static string Gpus()
    {
        var reports = Reports(out var problem);
        return problem is null ? string.Join("; ", reports.Select(Text)) : "none: " + problem;
    }

    private static IReadOnlyList<GpuReport> Reports(out string? problem)
    {
        problem = null;
        try
        {
            return CudaBackend.Reports();
        }
        catch (CudaException error)
        {
            problem = error.Message;
            return [];
        }
    }

    private static string Text(GpuReport report)
    {
        var gpu = report.Device;
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"cuda:{gpu.Ordinal} {gpu.Name}, compute capability {gpu.Major}.{gpu.Minor}, {gpu.Multiprocessors} multiprocessors, {gpu.MemoryBytes / (double)(1L << 30):0.0} GiB");
        if (report.FreeBytes is { } free) text += string.Create(CultureInfo.InvariantCulture, $" ({free / (double)(1L << 30):0.0} free)");
        if (gpu.MemoryBandwidth is { } bandwidth) text += string.Create(CultureInfo.InvariantCulture, $" at {bandwidth / 1e12:0.0} TB/s");
        return $"{text}, driver of CUDA {report.CudaVersion}" + (report.Problem is { } problem ? $"; not used: {problem}" : "");
    }

    private static object Json(GpuReport report) => new
    {
        Device = string.Create(CultureInfo.InvariantCulture, $"cuda:{report.Device.Ordinal}"),
        report.Device.Name,
        ComputeCapability = string.Create(CultureInfo.InvariantCulture, $"{report.Device.Major}.{report.Device.Minor}"),
        report.Device.Multiprocessors,
        report.Device.MemoryBytes,
        report.FreeBytes,
        report.Device.MemoryBandwidth,
        report.CudaVersion,
        report.Problem,
    };

    private static IEnumerable<string> Instructions()
    {
        (string Name, bool Supported)[] all =
        [
            ("AVX2", Avx2.IsSupported), ("FMA", Fma.IsSupported), ("AVX-VNNI", AvxVnni.IsSupported), ("AVX-512F", Avx512F.IsSupported),
            ("AVX-512BW", Avx512BW.IsSupported), ("AVX-512VBMI", Avx512Vbmi.IsSupported), ("AdvSimd", AdvSimd.IsSupported), ("Arm dot product", Dp.IsSupported),
        ];
        return all.Where(i => i.Supported).Select(i => i.Name).DefaultIfEmpty("no vector instructions that agentrt uses");
    }
}
