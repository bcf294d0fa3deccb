using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentRuntime.Cli.Models;

/// <summary>
/// Talks to the Hugging Face Hub: lists the files of a repository and opens them from any offset. Redirects are followed
/// here and not by the handler, so that the token goes to the Hub's own address and nowhere else.
/// API: https://huggingface.co/docs/hub/api.
/// </summary>
internal sealed partial class HuggingFaceClient : IDisposable
{
    private const int MaxRedirects = 10;
    private const int MaxPages = 100;
    private const int MaxPageBytes = 16 << 20;
    private readonly HubSettings _settings;
    private readonly DownloadOptions _options;
    private readonly HttpClient _http;

    public HuggingFaceClient(HubSettings settings, DownloadOptions options)
    {
        _settings = settings;
        _options = options;
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = options.StallTimeout })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new("agentrt", typeof(HuggingFaceClient).Assembly.GetName().Version?.ToString(3)));
    }

    /// <summary>Lists all files of a repository's main branch.</summary>
    /// <exception cref="TransientDownloadException">The server cannot be reached or is busy.</exception>
    /// <exception cref="ModelDownloadException">The server refuses, or the listing is damaged.</exception>
    public async Task<IReadOnlyList<RemoteFile>> ListFilesAsync(string repository, CancellationToken cancellationToken)
    {
        List<RemoteFile> files = [];
        var first = Address($"api/models/{repository}/tree/main?recursive=true");
        var page = first;
        for (var pages = 0; pages < MaxPages; pages++)
        {
            using var response = await SendAsync(page, null, repository, cancellationToken).ConfigureAwait(false);
            var json = await ReadPageAsync(response, repository, cancellationToken).ConfigureAwait(false);
            files.AddRange(FileListing.Parse(json, repository));
            if (NextPage(response) is not { } query) return files;
            // Only the query is taken from the link: a mirror's links may lead to the Hub itself, and the token stays here.
            page = new UriBuilder(first) { Query = query }.Uri;
        }
        throw new ModelDownloadException($"The listing of {repository} has more than {MaxPages} pages, so it is no model's.");
    }

    /// <summary>Opens a file.</summary>
    /// <param name="repository"><c>owner/name</c>.</param>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where to begin; the server may begin at 0 all the same, see the status.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>A response with status 200 (from the start) or 206 (a range), of which the headers have been read.</returns>
    /// <exception cref="TransientDownloadException">The server cannot be reached or is busy.</exception>
    /// <exception cref="ModelDownloadException">The server refuses.</exception>
    public Task<HttpResponseMessage> OpenAsync(string repository, RemoteFile file, long offset, CancellationToken cancellationToken) =>
        SendAsync(Address($"{repository}/resolve/main/{string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString))}"), offset, repository, cancellationToken);

    public void Dispose() => _http.Dispose();

    private Uri Address(string path) => new(_settings.Endpoint.AbsoluteUri.TrimEnd('/') + "/" + path);

    /// <param name="address">Where to.</param>
    /// <param name="offset">Null for a document, else where the file's bytes should begin.</param>
    /// <param name="repository">For messages.</param>
    /// <param name="cancellationToken">Cancels.</param>
    private async Task<HttpResponseMessage> SendAsync(Uri address, long? offset, string repository, CancellationToken cancellationToken)
    {
        for (var redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            var response = await SendOnceAsync(address, offset, cancellationToken).ConfigureAwait(false);
            if ((int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is { } location)
            {
                response.Dispose();
                var target = new Uri(address, location);
                if (target.Scheme is not ("https" or "http") || (target.Scheme == "http" && address.Scheme == "https"))
                    throw new ModelDownloadException($"{address.Host} redirects to {target.Scheme}://{target.Host}, which is not secure, so nothing was downloaded from there.");
                address = target;
                continue;
            }
            if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent) return response;
            using (response) throw Refusal(response, address, repository);
        }
        throw new ModelDownloadException($"{address.Host} redirects more than {MaxRedirects} times.");
    }

    private async Task<HttpResponseMessage> SendOnceAsync(Uri address, long? offset, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (offset is { } from)
        {
            // Ranges count encoded bytes, so no encoding is wanted.
            request.Headers.AcceptEncoding.Add(new("identity"));
            if (from > 0) request.Headers.Range = new(from, null);
        }
        if (_settings.Token is { } token && IsHub(address)) request.Headers.Authorization = new("Bearer", token);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.StallTimeout);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new ModelDownloadException($"{address.Host} offers no secure connection that this machine trusts: {(e.InnerException ?? e).Message}", e);
        }
        catch (HttpRequestException e)
        {
            throw new TransientDownloadException($"{address.Authority} cannot be reached ({e.Message.TrimEnd('.')}); check the network, a proxy and HF_ENDPOINT.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransientDownloadException($"{address.Authority} did not answer within {_options.StallTimeout.TotalSeconds:0} s.", e);
        }
    }

    /// <summary>Whether an address is the Hub's own: scheme, host and port.</summary>
    private bool IsHub(Uri address) =>
        Uri.Compare(address, _settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private ModelDownloadException Refusal(HttpResponseMessage response, Uri address, string repository)
    {
        var status = (int)response.StatusCode;
        if (status is 408 or 429 or >= 500)
            return new TransientDownloadException($"{address.Authority} is busy or broken (HTTP {status}); try again later, what was downloaded is kept.", null, RetryAfter(response));
        // Storage servers take signed addresses, which run out; the next try gets a new one.
        if (!IsHub(address)) return new TransientDownloadException($"{address.Authority}, where {_settings.Endpoint.Authority} keeps the file, refuses it (HTTP {status}).");
        return new(status switch
        {
            401 when _settings.Token is null => $"{repository} is private or does not exist on {address.Authority}; if it is private, set HF_TOKEN to a token that may read it.",
            401 => $"{address.Authority} does not accept the token in HF_TOKEN; make a new one there, or unset it for public models.",
            403 when _settings.Token is null => $"{repository} asks for an account that accepted its terms; do so on {address.Authority} and set HF_TOKEN to a token of that account.",
            403 => $"The token in HF_TOKEN may not read {repository}; accept its terms on {address.Authority}, or use a token that may.",
            404 => $"{address.Authority} has no {repository}, or not the file; check the name.",
            416 => $"{address.Authority} holds a shorter file than its listing of {repository} announces.",
            _ => $"{address.Authority} refuses {repository} (HTTP {status}).",
        });
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - DateTimeOffset.UtcNow : null;

    private async Task<JsonDocument> ReadPageAsync(HttpResponseMessage response, string repository, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.StallTimeout);
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxPageBytes, timeout.Token).ConfigureAwait(false);
            return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(timeout.Token).ConfigureAwait(false));
        }
        catch (JsonException e)
        {
            throw new ModelDownloadException($"{_settings.Endpoint.Authority} answered with something else than the listing of {repository}; check HF_ENDPOINT.", e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new ModelDownloadException($"The listing of {repository} is longer than {MaxPageBytes >> 20} MiB a page, so it is no model's.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new TransientDownloadException($"The connection to {_settings.Endpoint.Authority} was cut in the listing of {repository}.", e);
        }
    }

    /// <summary>The query of the next page, from the header <c>Link: &lt;address&gt;; rel="next"</c>.</summary>
    private static string? NextPage(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Link", out var links) && NextLink().Match(string.Join(',', links)) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex("""<[^<>?]*\?([^<>#]+)>\s*;\s*rel="?next"?""", RegexOptions.CultureInvariant)]
    private static partial Regex NextLink();
}
