using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace AgentRuntime.Server.Http;

/// <summary>
/// Who may call: the Host and Origin headers keep out web pages that a browser on this machine was led to (DNS
/// rebinding, cross-site requests), the API key everybody else.
/// </summary>
internal sealed class AccessGate(ServerOptions options)
{
    private const string Bearer = "Bearer ";
    private readonly byte[]? _key = options.ApiKey is { } key ? Hash(key) : null;
    private readonly HashSet<string> _hosts = new([.. options.AllowedHosts, "localhost", options.Host, Dns.GetHostName()], StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _origins = new(options.AllowedOrigins.Select(o => o.TrimEnd('/')), StringComparer.OrdinalIgnoreCase);

    /// <exception cref="ApiException">The request is refused.</exception>
    public void Check(HttpRequest request)
    {
        if (!IsOwnHost(request.Host.Host)) throw new ApiException(403, "The Host header names another machine; call this server by its own name or allow that one with --allow-host.", code: "host_not_allowed");
        if (request.Headers.Origin is [{ } origin] && !IsAllowed(origin)) throw new ApiException(403, "Web pages of this origin may not call this server; --allow-origin allows one.", code: "origin_not_allowed");
        if (_key is not null && request.Path != "/health" && !IsPreflight(request) && !HasKey(request)) throw new ApiException(401, "The API key is missing or wrong; send it as 'Authorization: Bearer KEY'.", code: "invalid_api_key");
    }

    /// <summary>Tells the browser that the page may call; true when that was all it asked.</summary>
    public static bool AnswerPage(HttpContext http)
    {
        if (http.Request.Headers.Origin is not [{ } origin]) return false;
        var headers = http.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = "Origin";
        if (!IsPreflight(http.Request)) return false;
        headers.AccessControlAllowMethods = "GET, POST";
        headers.AccessControlAllowHeaders = http.Request.Headers.AccessControlRequestHeaders;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }

    // Sent by browsers before the real request, always without a key.
    private static bool IsPreflight(HttpRequest request) => HttpMethods.IsOptions(request.Method) && request.Headers.AccessControlRequestMethod.Count > 0;

    private bool IsOwnHost(string host)
    {
        if (_hosts.Contains(host)) return true;
        // A rebound name is never an address, so behind a key any address is as good as another.
        return IPAddress.TryParse(host.Trim('[', ']'), out var address) && (IPAddress.IsLoopback(address) || !options.IsLoopback);
    }

    private bool IsAllowed(string origin)
    {
        if (_origins.Contains(origin)) return true;
        return Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Scheme is "http" or "https" && (page.IsLoopback || _hosts.Contains(page.Host));
    }

    private bool HasKey(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        // Hashes are of one length, so that the comparison takes the same time whatever was sent.
        return header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(Hash(header[Bearer.Length..].Trim()), _key);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
