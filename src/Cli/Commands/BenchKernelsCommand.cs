using System.CommandLine;
using System.Globalization;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt bench kernels</c>: what single kernels and copies reach on a GPU.</summary>
internal static class BenchKernelsCommand
{
    public static Command Create()
    {
        var device = new Option<string>("--device") { HelpName = "cuda[:n]", Description = "The GPU.", DefaultValueFactory = _ => "cuda" };
        var small = new Option<bool>("--small") { Description = "Tiny sizes, to see that everything runs." };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("kernels", "Bandwidth and arithmetic of single kernels on a GPU. Example: agentrt bench kernels --device cuda:0") { device, small, json };
        command.SetAction((result, cancellationToken) =>
        {
            if (Devices.Open(result.GetValue(device)!) is not CudaBackend backend)
                throw new UsageException("Kernels are measured on a GPU; use --device cuda or cuda:N.");
            var rows = backend.MeasureKernels(result.GetValue(small), cancellationToken).ToList();
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
            {
                JsonLines.Write(output, rows);
                return Task.FromResult(ExitCode.Success);
            }
            var table = new Table().Border(TableBorder.Simple).AddColumns("kernel", "on", "µs", "GB/s", "TFLOP/s");
            string Number(double? value) => value?.ToString("N1", CultureInfo.InvariantCulture) ?? "";
            foreach (var row in rows) table.AddRow(row.Kernel, row.Shape, Number(row.Microseconds), Number(row.GigabytesPerSecond), Number(row.TeraflopsPerSecond));
            Consoles.For(output).Write(table);
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }
}
