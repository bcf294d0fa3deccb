using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace AgentRuntime.Tools.Tests.Mcp;

/// <summary>
/// A server of the protocol over HTTP on the loopback, a connection for each request: one tool, <c>echo</c>, that also says
/// which token it was sent.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public HttpServer()
    {
        _listener.Start();
        _loop = Task.Run(ServeAsync);
    }

    public string Url => $"http://{_listener.LocalEndpoint}/";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var connection = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(connection.GetStream());
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private static async Task AnswerAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, false, 1, leaveOpen: true);
        if (await reader.ReadLineAsync() is not { } start) return;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync() is { Length: > 0 } line) headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        var (status, body) = start.StartsWith("POST", StringComparison.Ordinal) ? Answer(JsonNode.Parse(await BodyAsync(reader, headers))!, headers) : ("405 Method Not Allowed", "");
        var head = $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.UTF8.GetBytes(head + body));
    }

    private static async Task<string> BodyAsync(StreamReader reader, Dictionary<string, string> headers)
    {
        if (headers.TryGetValue("Content-Length", out var length)) return await ReadAsync(reader, int.Parse(length, CultureInfo.InvariantCulture));
        var body = new StringBuilder();
        while (int.Parse((await reader.ReadLineAsync())!, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var chunk)
        {
            body.Append(await ReadAsync(reader, chunk));
            await reader.ReadLineAsync();
        }
        await reader.ReadLineAsync();
        return body.ToString();
    }

    private static async Task<string> ReadAsync(StreamReader reader, int count)
    {
        var buffer = new char[count];
        await reader.ReadBlockAsync(buffer);
        return new(buffer);
    }

    private static (string Status, string Body) Answer(JsonNode request, Dictionary<string, string> headers)
    {
        if (request["id"] is not { } id) return ("202 Accepted", "");
        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id.DeepClone() };
        if (Result(request, headers.GetValueOrDefault("Authorization")) is { } result) answer["result"] = result;
        else answer["error"] = new JsonObject { ["code"] = -32601, ["message"] = "no such method" };
        return ("200 OK", answer.ToJsonString());
    }

    private static JsonNode? Result(JsonNode request, string? token) => request["method"]!.GetValue<string>() switch
    {
        "initialize" => JsonNode.Parse($$$"""
            {"protocolVersion": {{{request["params"]!["protocolVersion"]!.ToJsonString()}}}, "capabilities": {"tools": {}}, "serverInfo": {"name": "test", "version": "1"}}
            """),
        "tools/list" => JsonNode.Parse("""{"tools": [{"name": "echo", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}}]}"""),
        "tools/call" => new JsonObject
        {
            ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = $"{request["params"]!["arguments"]!["text"]} {token}" }),
        },
        _ => null,
    };
}
