using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace AgentRuntime.Server.Http;

/// <summary>Reads request bodies and writes answers.</summary>
internal static class ApiJson
{
    /// <summary>OpenAI's names. Escaping for HTML is left out: no answer is a page.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The body, checked: JSON, an object, not too deep, no name twice, valid Unicode throughout.</summary>
    /// <returns>The fields, and the time when the body was there.</returns>
    /// <exception cref="ApiException">It is not.</exception>
    public static async Task<(JsonFields Fields, long Received)> ReadAsync(HttpContext http, ServerOptions options)
    {
        if (!http.Request.HasJsonContentType()) throw new ApiException(415, "The body must be JSON; send it with Content-Type: application/json.", code: "unsupported_media_type");
        using var body = new MemoryStream();
        await CopyAsync(http, body, options.MaxBodyBytes).ConfigureAwait(false);
        var received = options.Chat.TimeProvider.GetTimestamp();
        return (Parse(body.GetBuffer().AsSpan(0, (int)body.Length), options.MaxJsonDepth), received);
    }

    /// <summary>Answers with JSON and the status that is set.</summary>
    public static async Task WriteAsync(HttpContext http, object value)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        var bytes = JsonSerializer.SerializeToUtf8Bytes(value, Options);
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted).ConfigureAwait(false);
    }

    // Kestrel's own limit closes the connection while the client is sending, which then never sees the answer. Here the rest is
    // read and dropped, for a few seconds, after the answer.
    private static async Task CopyAsync(HttpContext http, MemoryStream body, int limit)
    {
        var isTooLarge = http.Request.ContentLength > limit;
        var part = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            for (int read; !isTooLarge && (read = await http.Request.Body.ReadAsync(part, http.RequestAborted).ConfigureAwait(false)) > 0; isTooLarge = body.Length > limit)
                body.Write(part, 0, read);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(part);
        }
        if (isTooLarge) throw new ApiException(413, $"The request body is larger than the {limit} bytes that this server accepts.", code: "request_too_large");
    }

    private static JsonFields Parse(ReadOnlySpan<byte> body, int maxDepth)
    {
        if (!Utf8.IsValid(body)) throw new ApiException(400, "The body is not valid UTF-8.", code: "invalid_json");
        try
        {
            CheckEscapes(body, maxDepth);
            return new(JsonElement.Parse(body, new() { MaxDepth = maxDepth, AllowDuplicateProperties = false }));
        }
        catch (JsonException e)
        {
            throw new ApiException(400, $"The body is not valid JSON: {e.Message.TrimEnd('.')}.", code: "invalid_json");
        }
    }

    // Half a surrogate pair is valid JSON but no text; found here, it cannot fail anything later.
    private static void CheckEscapes(ReadOnlySpan<byte> body, int maxDepth)
    {
        if (body.IndexOf("\\ud"u8) < 0 && body.IndexOf("\\uD"u8) < 0) return;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = maxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped) continue;
            try { _ = reader.GetString(); }
            catch (InvalidOperationException) { throw new JsonException($"half a surrogate pair before byte {reader.BytesConsumed}"); }
        }
    }
}
