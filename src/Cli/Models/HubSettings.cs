using AgentRuntime.Cli.Hosting;

namespace AgentRuntime.Cli.Models;

/// <summary>Where the Hub is and who asks.</summary>
/// <param name="Endpoint">Its address, or that of a mirror, without a path's last slash.</param>
/// <param name="Token">The access token, for this address only.</param>
internal sealed record HubSettings(Uri Endpoint, string? Token)
{
    private const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>Reads <c>HF_ENDPOINT</c> and <c>HF_TOKEN</c>, else the configuration.</summary>
    /// <exception cref="UsageException">The address or the token cannot be used.</exception>
    public static HubSettings Load(Configuration configuration) => Create(
        NonEmpty(Environment.GetEnvironmentVariable("HF_ENDPOINT")) ?? NonEmpty(configuration.HuggingFaceEndpoint),
        NonEmpty(Environment.GetEnvironmentVariable("HF_TOKEN")) ?? NonEmpty(configuration.HuggingFaceToken));

    /// <summary>Checks an address and a token.</summary>
    /// <exception cref="UsageException">The address or the token cannot be used.</exception>
    public static HubSettings Create(string? endpoint, string? token)
    {
        if (!Uri.TryCreate((endpoint ?? DefaultEndpoint).TrimEnd('/'), UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Query.Length > 0 || uri.UserInfo.Length > 0)
            throw new UsageException($"HF_ENDPOINT '{endpoint}' is no address of a server; write it like {DefaultEndpoint}.");
        if (token is null) return new(uri, null);
        if (!token.All(c => c is > ' ' and < (char)127)) throw new UsageException("HF_TOKEN has characters that no token has; copy it again.");
        if (uri is { Scheme: "http", IsLoopback: false }) throw new UsageException($"HF_TOKEN would be sent in the clear to {uri}; use https in HF_ENDPOINT, or no token.");
        return new(uri, token);
    }

    private static string? NonEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
