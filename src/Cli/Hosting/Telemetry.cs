using System.CommandLine;
using System.Reflection;
using AgentRuntime.AgentHost.Diagnostics;
using AgentRuntime.Engine.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The options <c>--otlp</c> and <c>--otlp-contents</c>: sends spans and metrics to an OpenTelemetry collector.</summary>
internal sealed class Telemetry
{
    private const int GrpcPort = 4317;
    private const int TimeoutMs = 3000;

    private readonly Option<string?> _url = new("--otlp") { HelpName = "URL", Description = "Sends OpenTelemetry spans and metrics there, e.g. http://localhost:4318; port 4317 is spoken to by gRPC." };
    private readonly Option<bool> _contents = new("--otlp-contents") { Description = "Includes the task, replies, and arguments and results of tools in the spans." };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="contents">Whether the command can record what was said.</param>
    public Telemetry(Command command, bool contents = true)
    {
        command.Options.Add(_url);
        if (contents) command.Options.Add(_contents);
    }

    /// <summary>Whether spans hold what was said.</summary>
    public bool RecordContents(ParseResult result) => result.GetValue(_contents);

    /// <summary>The collector's address, or null.</summary>
    /// <exception cref="UsageException">It is no URL of a collector.</exception>
    public Uri? Collector(ParseResult result)
    {
        if (result.GetValue(_url) is not { } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https")
            ? url
            : throw new UsageException($"--otlp {text} is no address of a collector; use one such as http://localhost:4318.");
    }

    /// <summary>Begins to export. Disposing sends what is left and waits for that, a few seconds at most.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="sources">Names of further activity sources and meters.</param>
    /// <returns>Null when nothing is to be exported.</returns>
    /// <exception cref="UsageException">The address is no URL of a collector.</exception>
    public IDisposable? Start(ParseResult result, params string[] sources)
    {
        if (Collector(result) is not { } url) return null;
        string[] names = [AgentDiagnostics.Name, EngineDiagnostics.Name, .. sources];
        var resource = ResourceBuilder.CreateDefault().AddService(
            "agentrt", serviceVersion: Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
        var traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(names).AddOtlpExporter(o => Address(o, url, "traces")).Build();
        var metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(names).AddOtlpExporter(o => Address(o, url, "metrics")).Build();
        return new Exporters(traces, metrics);
    }

    private static void Address(OtlpExporterOptions options, Uri url, string signal)
    {
        var grpc = url.Port == GrpcPort;
        options.Protocol = grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = grpc ? url : new Uri($"{url.AbsoluteUri.TrimEnd('/')}/v1/{signal}");
        options.TimeoutMilliseconds = TimeoutMs;
    }

    private sealed class Exporters(TracerProvider traces, MeterProvider metrics) : IDisposable
    {
        public void Dispose()
        {
            traces.Shutdown(TimeoutMs);
            metrics.Shutdown(TimeoutMs);
            traces.Dispose();
            metrics.Dispose();
        }
    }
}
