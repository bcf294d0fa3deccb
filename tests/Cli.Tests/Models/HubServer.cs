using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AgentRuntime.Cli.Tests.Models;

/// <summary>A Hub on loopback that can cut connections and lie: it answers like the real one unless <see cref="Intercept"/> says otherwise.</summary>
internal sealed class HubServer : IDisposable
{
    public const string Repository = "maker/Tiny-Model-GGUF";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<HubRequest> _requests = new();
    private readonly SortedDictionary<string, HubFile> _files = new(StringComparer.Ordinal);

    public HubServer()
    {
        _listener.Start();
        Address = $"http://{_listener.LocalEndpoint}";
        _ = AcceptAsync();
    }

    public string Address { get; }

    /// <summary>Answers instead of the server where it returns something.</summary>
    public Func<HubRequest, HubResponse?> Intercept { get; set; } = _ => null;

    /// <summary>What was asked, in order.</summary>
    public IReadOnlyList<HubRequest> Requests => [.. _requests];

    /// <summary>The requests for files.</summary>
    public IReadOnlyList<HubRequest> Downloads => [.. _requests.Where(r => r.IsDownload)];

    /// <summary>Adds a file with random content.</summary>
    /// <returns>The content.</returns>
    public byte[] Add(string path, int size = 1000, bool large = true)
    {
        var content = new byte[size];
        new Random(path.Length + size).NextBytes(content);
        Add(path, content, large);
        return content;
    }

    /// <summary>Adds a file; the listing may announce another size or hash than it has.</summary>
    public void Add(string path, byte[] content, bool large = true, long? size = null, string? hash = null)
    {
#pragma warning disable CA5350 // Git names its blobs so.
        var blob = Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
        _files[path] = new(content, large, size ?? content.Length, hash ?? (large ? Convert.ToHexStringLower(SHA256.HashData(content)) : blob));
    }

    public string Listing() => JsonSerializer.Serialize(_files.Select(f => f.Value.Large
        ? (object)new { type = "file", oid = new string('a', 40), size = f.Value.Size, path = f.Key, lfs = new { oid = f.Value.Hash, size = f.Value.Size, pointerSize = 135 } }
        : new { type = "file", oid = f.Value.Hash, size = f.Value.Size, path = f.Key }).Prepend(new { type = "directory", oid = new string('b', 40), size = 0, path = "folder" }));

    /// <summary>What an honest server sends: the file, or the range that was asked for.</summary>
    public HubResponse Serve(HubRequest request)
    {
        if (request.Path.StartsWith("/api/models/", StringComparison.Ordinal)) return HubResponse.Json(Listing());
        var at = request.Path.IndexOf("/resolve/main/", StringComparison.Ordinal);
        var path = at < 0 ? request.Path.TrimStart('/') : Uri.UnescapeDataString(request.Path[(at + "/resolve/main/".Length)..]);
        if (!_files.TryGetValue(path, out var file)) return new(404);
        var total = file.Content.Length;
        if (request.RangeStart is not { } start) return new(200) { Body = file.Content };
        return start >= total ? new(416) : new(206) { Body = file.Content[(int)start..], Headers = { $"Content-Range: bytes {start}-{total - 1}/{total}" } };
    }

    public void Dispose()
    {
        if (!_stop.IsCancellationRequested) _stop.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = AnswerAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                if (await ReadAsync(stream) is not { } request) return;
                _requests.Enqueue(request);
                var response = Intercept(request) ?? Serve(request);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(response.Head()));
                await stream.WriteAsync(response.Body.AsMemory(0, Math.Min(response.CutAfter ?? int.MaxValue, response.Body.Length)));
                if (response.Stall is { } stall) await stall.WaitAsync(_stop.Token);
                // A cut connection: what was sent arrives, the rest never does.
                client.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client has gone.
            }
        }
    }

    private static async Task<HubRequest?> ReadAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        if (await reader.ReadLineAsync() is not { Length: > 0 } first) return null;
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync() is { Length: > 0 } line) headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
        return new(first.Split(' ')[1], headers);
    }

    private sealed record HubFile(byte[] Content, bool Large, long Size, string Hash);
}
