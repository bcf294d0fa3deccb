using System.Net;
using System.Net.Http.Json;
using System.Text;

namespace AgentRuntime.Server.Tests.Load;

/// <summary>A client that asks again and again, with a connection of its own.</summary>
internal sealed class LoadClient : IDisposable
{
    private const int Words = 60;
    private readonly HttpClient _http;
    private readonly Random _random;
    private readonly LoadKind _kind;

    public LoadClient(Uri address, LoadKind kind, int seed)
    {
        // Small buffers, so that a client that reads slowly is felt by the server.
        var handler = new SocketsHttpHandler
        {
            // Whoever leaves closes the connection at once.
            ResponseDrainTimeout = TimeSpan.Zero,
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { ReceiveBufferSize = 4096, NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancel);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        };
        (_http, _kind, _random) = (new(handler) { BaseAddress = address }, kind, new(seed));
    }

    public int Completed { get; private set; }

    public int Cut { get; private set; }

    public int Refused { get; private set; }

    public long Events { get; private set; }

    /// <summary>Asks until the time is over; the request that runs then is finished.</summary>
    /// <exception cref="InvalidOperationException">The server did something other than answer or say 429.</exception>
    public async Task RunAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(Body()) };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                if (response.Headers.RetryAfter?.Delta is null) throw new InvalidOperationException("429 without Retry-After");
                Refused++;
                await Task.Delay(50 + _random.Next(200), CancellationToken.None);
                continue;
            }
            if (response.StatusCode != HttpStatusCode.OK) throw new InvalidOperationException($"{response.StatusCode}: {await response.Content.ReadAsStringAsync(CancellationToken.None)}");
            await ReadAsync(response);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task ReadAsync(HttpResponseMessage response)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(CancellationToken.None), Encoding.UTF8, false, 1024);
        var leaveAfter = _kind == LoadKind.Cut ? _random.Next(1, 30) : int.MaxValue;
        string? last = null;
        for (var events = 0; await reader.ReadLineAsync(CancellationToken.None) is { } line;)
        {
            if (line.Length == 0) continue;
            last = line;
            Events++;
            if (++events > leaveAfter)
            {
                Cut++;
                return;
            }
            if (_kind == LoadKind.Slow) await Task.Delay(_random.Next(40), CancellationToken.None);
        }
        if (last != "data: [DONE]") throw new InvalidOperationException($"the stream ended with: {last}");
        Completed++;
    }

    // A front that all share, and then something of its own, now and then long.
    private object Body() => new
    {
        model = LoadRun.Model,
        stream = true,
        stream_options = new { include_usage = true },
        temperature = 1,
        seed = _random.Next(),
        ignore_eos = true,
        max_tokens = _random.Next(8, 120),
        messages = new[]
        {
            new { role = "system", content = "You are one of many and help with everything that people ask for." },
            new { role = "user", content = string.Join(' ', Enumerable.Range(0, _random.Next(4, _random.Next(20) == 0 ? 8 * Words : Words)).Select(_ => (char)('a' + _random.Next(26)))) },
        },
    };
}
