using System.Net;
using AgentRuntime.Engine.Chat;

namespace AgentRuntime.Server;

/// <summary>How an <see cref="InferenceServer"/> is set up.</summary>
public sealed record ServerOptions
{
    /// <summary>The address to listen on: an IP address, <c>localhost</c>, or <c>*</c> for all. Any but the machine's own needs an <see cref="ApiKey"/>.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 for a free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>What clients send as <c>Authorization: Bearer …</c>; null for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The name by which clients ask for the model; null for the model's own, which is accepted in any case.</summary>
    public string? ModelName { get; init; }

    /// <summary>Names in the Host header that are accepted beside the machine's own.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Origins of web pages that may call the server, for instance <c>https://chat.example.org</c>, beside pages of this machine.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Most bytes of a request body, 1 to a billion.</summary>
    public int MaxBodyBytes { get; init; } = 8 << 20;

    /// <summary>Deepest nesting of a request's JSON, 1 to 1000.</summary>
    public int MaxJsonDepth { get; init; } = 64;

    /// <summary>Most tokens that a request may ask for; null for what the context holds.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>Most tokens of a chat reply when the request does not say; at least 1. KV blocks for them are reserved, so a larger number lets fewer requests run side by side.</summary>
    public int DefaultOutputTokens { get; init; } = 8192;

    /// <summary>Most generations that one request may ask for (<c>n</c>, several prompts); at least 1.</summary>
    public int MaxChoices { get; init; } = 8;

    /// <summary>Most requests that generate or wait at one time; more get 429. At least 1.</summary>
    public int MaxConcurrentRequests { get; init; } = 80;

    /// <summary>Most responses that <c>previous_response_id</c> can name, at least 1.</summary>
    public int MaxStoredResponses { get; init; } = 256;

    /// <summary>How long a stream is silent before it gets a comment; above zero.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long running requests may go on when the server is stopped.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Defaults of the generation, and how many conversations are remembered. Tools come from clients that cannot change them, so what a
    /// grammar cannot hold of their schemas is left open by default instead of refused.
    /// </summary>
    public EngineChatClientOptions Chat { get; init; } = new() { LoosenUnsupportedSchemas = true };

    /// <summary>Receives a line per request and per internal error; null for none. No contents, no keys.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Checks that every value is in its range.</summary>
    /// <exception cref="ServerException">One is not; the message names it.</exception>
    /// <exception cref="AgentRuntime.Engine.EngineException">One of <see cref="Chat"/> is not.</exception>
    public void Validate()
    {
        Chat.Validate();
        Require(IsAny || IsLocalhost || IPAddress.TryParse(Host, out _), $"The host '{Host}' is no address of this machine; use an IP address, localhost or * for all addresses.");
        Require(Port is >= 0 and <= 65535, $"The port {Port} is out of range; use 0 to 65535.");
        Require(ApiKey is null || (ApiKey.Length > 0 && ApiKey.All(c => c is > ' ' and < '\x7f')), "The API key must be one word of visible ASCII characters.");
        Require(IsLoopback || ApiKey is not null, $"The address {Host} can be reached from other machines, so an API key is required; give one with --api-key-file.");
        Require(MaxBodyBytes is >= 1 and <= 1_000_000_000, $"{nameof(MaxBodyBytes)} must be 1 to a billion.");
        Require(MaxJsonDepth is >= 1 and <= 1000, $"{nameof(MaxJsonDepth)} must be 1 to 1000.");
        Require(MaxOutputTokens is null or >= 1, $"{nameof(MaxOutputTokens)} must be at least 1.");
        Require(DefaultOutputTokens >= 1, $"{nameof(DefaultOutputTokens)} must be at least 1.");
        Require(MaxChoices >= 1, $"{nameof(MaxChoices)} must be at least 1.");
        Require(MaxConcurrentRequests >= 1, $"{nameof(MaxConcurrentRequests)} must be at least 1.");
        Require(MaxStoredResponses >= 1, $"{nameof(MaxStoredResponses)} must be at least 1.");
        Require(KeepAlive > TimeSpan.Zero && DrainTime >= TimeSpan.Zero, $"{nameof(KeepAlive)} and {nameof(DrainTime)} must not be negative.");
    }

    internal bool IsAny => Host is "*" or "0.0.0.0" or "::";

    internal bool IsLocalhost => string.Equals(Host, "localhost", StringComparison.OrdinalIgnoreCase);

    internal bool IsLoopback => IsLocalhost || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new ServerException(message);
    }
}
