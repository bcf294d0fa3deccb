using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace AgentRuntime.Server.Http;

/// <summary>
/// A stream of server-sent events. It begins with the first thing sent, so that a request which fails before that is
/// answered with its status; while nothing else is sent it gets a comment now and then, which keeps clients waiting.
/// </summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly HttpContext _http;
    private readonly TimeProvider _time;
    private readonly Func<string> _progress;
    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ended;
    private readonly Task _keepAlive;
    private volatile bool _sent;

    /// <param name="http">The request.</param>
    /// <param name="time">The clock of <see cref="StalledUntil"/>.</param>
    /// <param name="interval">How long it may be silent.</param>
    /// <param name="progress">What the comments say; one line.</param>
    public EventStream(HttpContext http, TimeProvider time, TimeSpan interval, Func<string> progress)
    {
        (_http, _time, _progress) = (http, time, progress);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        _keepAlive = KeepAliveAsync(interval);
    }

    /// <summary>When the client last was so far behind that the server had to wait for it; 0 for never.</summary>
    public long StalledUntil { get; private set; }

    /// <summary>Sends an event whose data is JSON.</summary>
    public async ValueTask SendAsync<T>(T data, string? name = null)
    {
        await _turn.WaitAsync(_http.RequestAborted).ConfigureAwait(false);
        try
        {
            if (name is not null) Append($"event: {name}\n");
            Append("data: ");
            using (var json = new Utf8JsonWriter(_buffer, new() { Encoder = ApiJson.Options.Encoder, SkipValidation = true })) JsonSerializer.Serialize(json, data, ApiJson.Options);
            Append("\n\n");
            await FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends a line as it is.</summary>
    public async ValueTask SendLineAsync(string line)
    {
        await _turn.WaitAsync(_http.RequestAborted).ConfigureAwait(false);
        try
        {
            Append(line + "\n\n");
            await FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the comments. The response itself ends with the request.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _keepAlive.ConfigureAwait(false);
        _ended.Dispose();
        _turn.Dispose();
    }

    private async Task KeepAliveAsync(TimeSpan interval)
    {
        try
        {
            using var timer = new PeriodicTimer(interval);
            while (await timer.WaitForNextTickAsync(_ended.Token).ConfigureAwait(false))
            {
                if (!_sent) await SendLineAsync(": " + _progress()).ConfigureAwait(false);
                _sent = false;
            }
        }
        catch (OperationCanceledException)
        {
            // The stream has ended or the client is gone.
        }
    }

    private void Append(string text)
    {
        var written = Encoding.UTF8.GetBytes(text, _buffer.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length)));
        _buffer.Advance(written);
    }

    private async ValueTask FlushAsync()
    {
        if (!_http.Response.HasStarted)
        {
            _http.Response.ContentType = "text/event-stream; charset=utf-8";
            _http.Response.Headers.CacheControl = "no-cache";
            // Proxies would hold small pieces back.
            _http.Response.Headers["X-Accel-Buffering"] = "no";
        }
        try
        {
            var writing = _http.Response.BodyWriter.WriteAsync(_buffer.WrittenMemory, _http.RequestAborted);
            var stalls = !writing.IsCompleted;
            var result = await writing.ConfigureAwait(false);
            if (stalls) StalledUntil = _time.GetTimestamp();
            if (result.IsCompleted || result.IsCanceled) throw new OperationCanceledException("The client is gone.");
            _sent = true;
        }
        finally
        {
            _buffer.ResetWrittenCount();
        }
    }
}
