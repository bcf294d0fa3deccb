using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The user's <c>config.json</c>: defaults for options that were not given.</summary>
/// <param name="Model">Path or name of the model to use.</param>
/// <param name="Threads">Compute threads.</param>
/// <param name="HuggingFaceEndpoint">Address of a mirror of the Hugging Face Hub; <c>HF_ENDPOINT</c> goes first.</param>
/// <param name="HuggingFaceToken">Access token for it; <c>HF_TOKEN</c> goes first.</param>
/// <param name="McpServers">MCP servers by name, for workflows; those that are declared here start without approval.</param>
internal sealed record Configuration(
    string? Model = null, int? Threads = null, string? HuggingFaceEndpoint = null, string? HuggingFaceToken = null,
    IReadOnlyDictionary<string, McpServerEntry>? McpServers = null)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Reads it; an absent file is an empty one.</summary>
    /// <exception cref="UsageException">It is no JSON, or has an unknown setting.</exception>
    public static Configuration Load()
    {
        var path = AppPaths.Configuration;
        if (!File.Exists(path)) return new();
        try { return JsonSerializer.Deserialize<Configuration>(File.ReadAllText(path), Json) ?? new(); }
        catch (JsonException e) { throw new UsageException($"{path}, line {e.LineNumber + 1}: {e.Message}"); }
    }
}
