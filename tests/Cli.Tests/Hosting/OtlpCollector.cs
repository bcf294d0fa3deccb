using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AgentRuntime.Cli.Tests.Hosting;

/// <summary>An OpenTelemetry collector on loopback that keeps what it is sent, one request per connection.</summary>
internal sealed class OtlpCollector : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<(string Path, string Body)> _requests = new();

    public OtlpCollector()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>What was sent to a path; protobuf, in which texts stand as they are.</summary>
    public string Sent(string path) => string.Concat(_requests.Where(r => r.Path == path).Select(r => r.Body));

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                await ReadAsync(client.GetStream());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The test is over.
        }
    }

    private async Task ReadAsync(Stream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[65536];
        int head;
        while ((head = text.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0) await MoreAsync();
        var length = int.Parse(text.ToString().Split('\n').Single(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Split(':')[1]);
        while (text.Length < head + 4 + length) await MoreAsync();
        _requests.Enqueue((text.ToString().Split(' ')[1], text.ToString(head + 4, length)));
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());

        async Task MoreAsync()
        {
            var read = await stream.ReadAsync(buffer);
            if (read == 0) throw new IOException("The client has gone.");
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
    }
}
