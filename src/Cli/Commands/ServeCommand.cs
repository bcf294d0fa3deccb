using System.CommandLine;
using System.Runtime.InteropServices;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;
using AgentRuntime.Server;
using AgentRuntime.Server.Diagnostics;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt serve</c>: the engine as an OpenAI-compatible server.</summary>
internal static class ServeCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "serve";

    /// <summary>How long a process that is asked to end may take: longer than the longest drain.</summary>
    public static TimeSpan TerminationTimeout { get; } = MaxDrain + TimeSpan.FromSeconds(5);

    private static TimeSpan MaxDrain => TimeSpan.FromMinutes(5);

    public static Command Create()
    {
        var host = new Option<string>("--host") { HelpName = "ADDRESS", Description = "The address to listen on; * for all. Any but this machine's own needs --api-key-file.", DefaultValueFactory = _ => "127.0.0.1" };
        var port = new Option<int>("--port") { HelpName = "N", Description = "The port; 0 for a free one.", DefaultValueFactory = _ => 8080 };
        var keyFile = new Option<string?>("--api-key-file") { HelpName = "FILE", Description = "A file with the key that clients must send." };
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "What clients call the model; its own name when absent." };
        var parallel = new Option<int>("--parallel") { HelpName = "N", Description = "Most replies that are generated at one time.", DefaultValueFactory = _ => 16 };
        var queue = new Option<int>("--queue") { HelpName = "N", Description = "Most requests that wait for those; more are told to try again.", DefaultValueFactory = _ => 64 };
        var maxTokens = new Option<int?>("--max-tokens") { HelpName = "N", Description = "Most tokens that a request may ask for; what the context holds when absent." };
        var hosts = new Option<string[]>("--allow-host") { HelpName = "NAME", Description = "A further name by which clients may call this machine; may be given several times." };
        var origins = new Option<string[]>("--allow-origin") { HelpName = "URL", Description = "A web page's origin that may call the server; may be given several times." };
        var drain = new Option<int>("--drain") { HelpName = "SECONDS", Description = "How long running requests may go on after SIGTERM.", DefaultValueFactory = _ => 30 };
        var quiet = new Option<bool>("--quiet") { Description = "No line for each request." };
        var json = new Option<bool>("--json") { Description = "One JSON document with the address, once the server listens." };
        var command = new Command(Name, "An OpenAI-compatible server. Example: agentrt serve --model qwen2.5-coder --port 8080")
        {
            host, port, keyFile, name, parallel, queue, maxTokens, hosts, origins, drain, quiet, json,
        };
        var engineArguments = new EngineArguments(command);
        var telemetry = new Telemetry(command, contents: false);
        command.SetAction(async (result, cancellationToken) =>
        {
            var log = result.InvocationConfiguration.Error;
            var (running, waiting) = (Positive(result, parallel), Positive(result, queue));
            var options = new ServerOptions
            {
                Host = result.GetValue(host)!,
                Port = result.GetValue(port),
                ApiKey = result.GetValue(keyFile) is { } path ? (await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false)).Trim() : null,
                ModelName = result.GetValue(name),
                MaxConcurrentRequests = running + waiting,
                MaxOutputTokens = result.GetValue(maxTokens),
                AllowedHosts = result.GetValue(hosts) ?? [],
                AllowedOrigins = result.GetValue(origins) ?? [],
                DrainTime = TimeSpan.FromSeconds(result.GetValue(drain)) is var time && time >= TimeSpan.Zero && time <= MaxDrain ? time : throw new UsageException($"--drain must be 0 to {MaxDrain.TotalSeconds} seconds."),
                Log = result.GetValue(quiet) ? null : log.WriteLine,
            };
            // Before the model is loaded, which may take long.
            options.Validate();
            _ = telemetry.Collector(result);
            await using var engine = await engineArguments.LoadAsync(
                result, engineArguments.ModelPath(result), o => o with { MaxRunning = running, MaxSessionsQueued = waiting }, cancellationToken).ConfigureAwait(false);
            // Ends before the engine, whose state is measured to the last.
            using var exporters = telemetry.Start(result, ServerDiagnostics.Name);
            return await ServeAsync(result, engine, options, result.GetValue(json), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> ServeAsync(ParseResult result, InferenceEngine engine, ServerOptions options, bool json, CancellationToken cancellationToken)
    {
        var terminated = false;
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => terminated = true);
        await using var server = await InferenceServer.StartAsync(engine, options, cancellationToken).ConfigureAwait(false);
        if (json) JsonLines.Write(result.InvocationConfiguration.Output, new { Url = server.Address, Model = options.ModelName ?? engine.Model.Name });
        await result.InvocationConfiguration.Error.WriteLineAsync($"{options.ModelName ?? engine.Model.Name} listens on {server.Address.GetLeftPart(UriPartial.Authority)}; Ctrl-C ends it.").ConfigureAwait(false);

        var stop = new TaskCompletionSource();
        await using (cancellationToken.Register(stop.SetResult)) await stop.Task.ConfigureAwait(false);
        // Somebody at the terminal wants it to end now; a service manager waits.
        using var limit = new CancellationTokenSource(terminated ? options.DrainTime : TimeSpan.FromSeconds(1));
        await server.StopAsync(limit.Token).ConfigureAwait(false);
        return terminated ? ExitCode.Success : ExitCode.Cancelled;
    }

    private static int Positive(ParseResult result, Option<int> option) =>
        result.GetValue(option) is >= 1 and <= 512 and var value ? value : throw new UsageException($"{option.Name} must be 1 to 512.");
}
