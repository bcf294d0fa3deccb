using System.Net;
using System.Net.Sockets;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Server.Chat;
using AgentRuntime.Server.Completions;
using AgentRuntime.Server.Diagnostics;
using AgentRuntime.Server.Http;
using AgentRuntime.Server.Responses;
using AgentRuntime.Server.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace AgentRuntime.Server;

/// <summary>
/// An engine as an OpenAI-compatible HTTP server: <c>/v1/chat/completions</c>, <c>/v1/completions</c>,
/// <c>/v1/responses</c>, <c>/v1/models</c>, <c>/tokenize</c>, <c>/detokenize</c>, <c>/metrics</c>, <c>/health</c>. It listens on this machine only unless there is an API key.
/// </summary>
public sealed class InferenceServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly EngineChatClient _chat;
    private readonly ServerContext _context;
    private readonly AccessGate _access;
    private readonly RequestGate _gate;

    private InferenceServer(InferenceEngine engine, ServerOptions options)
    {
        options.Validate();
        _chat = new(engine, options.Chat);
        _context = new(engine, _chat, options);
        _access = new(options);
        _gate = new(options.MaxConcurrentRequests);
        _app = Build(options);
        _app.Use(GuardAsync);
        Map();
    }

    /// <summary>Where the server listens, for instance <c>http://127.0.0.1:8080</c>.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Starts a server.</summary>
    /// <param name="engine">The engine; it stays the caller's to dispose, after the server.</param>
    /// <param name="options">Address, key and limits; defaults when null.</param>
    /// <param name="cancellationToken">Stops starting.</param>
    /// <exception cref="ServerException">An option is out of range, or the address cannot be listened on.</exception>
    /// <exception cref="ModelFormatException">The model has no chat template.</exception>
    public static async Task<InferenceServer> StartAsync(InferenceEngine engine, ServerOptions? options = null, CancellationToken cancellationToken = default)
    {
        var server = new InferenceServer(engine, options ?? new());
        try
        {
            await server._app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw new ServerException($"The server cannot listen on {server._context.Options.Host}, port {server._context.Options.Port}: {e.Message.TrimEnd('.')}; choose another with --host or --port.", e);
        }
        var addresses = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        server.Address = new(addresses.Addresses.First().Replace("[::]", "127.0.0.1", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        return server;
    }

    /// <summary>Accepts no more requests and waits for those that run, at most <see cref="ServerOptions.DrainTime"/>; then ends them.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => _app.StopAsync(cancellationToken);

    /// <summary>Stops the server if it runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        _chat.Dispose();
    }

    private static WebApplication Build(ServerOptions options)
    {
        // Empty: nothing from appsettings.json, the environment or the command line of the program around it.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // ApiJson has a limit that tells the client.
            kestrel.Limits.MaxConcurrentConnections = 16L * options.MaxConcurrentRequests;
            Listen(kestrel, options);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTime);
        builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("agentrt")).WithMetrics(metrics => metrics
            .AddMeter(EngineDiagnostics.Name, ServerDiagnostics.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddPrometheusExporter());
        return builder.Build();
    }

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options)
    {
        void Http1(ListenOptions listen) => listen.Protocols = HttpProtocols.Http1;
        if (options.IsAny) kestrel.ListenAnyIP(options.Port, Http1);
        // Kestrel has no free port for localhost, which is two addresses.
        else if (options.IsLocalhost && options.Port != 0) kestrel.ListenLocalhost(options.Port, Http1);
        else kestrel.Listen(options.IsLocalhost ? IPAddress.Loopback : IPAddress.Parse(options.Host), options.Port, Http1);
    }

    private void Map()
    {
        _app.UseRouting();
        var (chat, completions, tokens) = (new ChatCompletionsEndpoint(_context), new CompletionsEndpoint(_context), new TokensEndpoint(_context));
        _app.MapPost("/v1/chat/completions", Limited(chat.HandleAsync));
        _app.MapPost("/v1/completions", Limited(completions.HandleAsync));
        _app.MapPost("/v1/responses", Limited(new ResponsesEndpoint(_context).HandleAsync));
        _app.MapPost("/v1/embeddings", _ => throw new ApiException(400, "Embeddings are not offered here: the model generates text.", code: "unsupported_endpoint"));
        _app.MapPost("/tokenize", Limited(tokens.TokenizeAsync));
        _app.MapPost("/detokenize", Limited(tokens.DetokenizeAsync));
        _app.MapGet("/v1/models", http => ApiJson.WriteAsync(http, new { Object = "list", Data = new[] { ModelInfo } }));
        _app.MapGet("/v1/models/{**name}", http =>
        {
            _context.CheckModel((string)http.GetRouteValue("name")!);
            return ApiJson.WriteAsync(http, ModelInfo);
        });
        _app.MapPrometheusScrapingEndpoint("/metrics");
        _app.MapGet("/health", HealthAsync);
    }

    private Task HealthAsync(HttpContext http)
    {
        var failed = _context.Engine.DeviceFault is not null;
        if (failed) http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return ApiJson.WriteAsync(http, new { Status = failed ? "the device failed; start the server again" : "ok" });
    }

    private object ModelInfo => new { Id = _context.ModelName, Object = "model", Created = _context.Started, OwnedBy = "agentruntime", MaxModelLen = _context.Engine.ContextLength };

    private RequestDelegate Limited(RequestDelegate handle) => async http =>
    {
        using var place = _gate.Enter();
        await handle(http).ConfigureAwait(false);
    };

    /// <summary>Around every request: who may call, errors in OpenAI's form, the log.</summary>
    private async Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        var start = TimeProvider.System.GetTimestamp();
        try
        {
            _access.Check(http.Request);
            if (AccessGate.AnswerPage(http)) return;
            await next(http).ConfigureAwait(false);
            if (http.Response is { HasStarted: false, StatusCode: 404 or 405 } response)
                await ApiErrors.WriteAsync(http, new(response.StatusCode, response.StatusCode == 404 ? "There is nothing at this path." : "This path does not take this method.", code: "unknown_url")).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client is gone; there is nobody to answer.
        }
        catch (Exception error)
        {
            _context.LogFailure(error);
            if (http.Response.HasStarted) http.Abort();
            else await ApiErrors.WriteAsync(http, ApiErrors.From(error)).ConfigureAwait(false);
        }
        finally
        {
            var time = TimeProvider.System.GetElapsedTime(start);
            _context.Options.Log?.Invoke(FormattableString.Invariant($"{http.Request.Method} {http.Request.Path} {http.Response.StatusCode} {time.TotalMilliseconds:0} ms{(http.RequestAborted.IsCancellationRequested ? ", client gone" : "")}"));
        }
    }
}
