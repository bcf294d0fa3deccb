using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentRuntime.Tools.Tests.Mcp;

/// <summary>A server of the protocol over HTTP on the loopback: one tool, <c>echo</c>, that also says which token it was sent.</summary>
internal sealed class HttpServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;

    public HttpServer()
    {
        using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
        }
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _loop = Task.Run(ServeAsync);
    }

    public string Url { get; }

    public void Dispose()
    {
        _listener.Close();
        _loop.Wait();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true) await AnswerAsync(await _listener.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private static async Task AnswerAsync(HttpListenerContext context)
    {
        using var response = context.Response;
        if (context.Request.HttpMethod != "POST")
        {
            response.StatusCode = 405;
            return;
        }
        var request = (await JsonNode.ParseAsync(context.Request.InputStream))!;
        if (request["id"] is not { } id)
        {
            response.StatusCode = 202;
            return;
        }
        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id.DeepClone() };
        if (Result(request, context.Request.Headers["Authorization"]) is { } result) answer["result"] = result;
        else answer["error"] = new JsonObject { ["code"] = -32601, ["message"] = "no such method" };
        response.ContentType = "application/json";
        await response.OutputStream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(answer));
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
