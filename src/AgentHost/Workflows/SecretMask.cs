using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;

namespace AgentRuntime.AgentHost.Workflows;

/// <summary>
/// Replaces secrets by <c>***</c> in whatever is shown or stored. It finds a secret as it is, as part of JSON text, quoted
/// for a shell, in Base64, and the lines of one that has several; no mask can find one that was changed in other ways.
/// </summary>
public sealed class SecretMask
{
    /// <summary>What stands for a secret.</summary>
    public const string Replacement = "***";

    private readonly IReadOnlyList<string> _forms;

    /// <summary>Creates a mask.</summary>
    /// <param name="secrets">The secrets; empty ones are passed over.</param>
    public SecretMask(IEnumerable<string> secrets) =>
        _forms = [.. secrets.SelectMany(Forms).Where(f => f.Length > 0).Distinct().OrderByDescending(f => f.Length)];

    /// <summary>A mask that changes nothing.</summary>
    public static SecretMask None { get; } = new([]);

    /// <summary>A text without the secrets.</summary>
    public string Apply(string text)
    {
        foreach (var form in _forms) text = text.Replace(form, Replacement, StringComparison.Ordinal);
        return text;
    }

    /// <summary>A copy of a value without the secrets, in its texts and in its names.</summary>
    public JsonNode? Apply(JsonNode? value) => value switch
    {
        JsonObject map => Masked(map),
        JsonArray list => new JsonArray([.. list.Select(Apply)]),
        null => null,
        _ when JsonValues.String(value) is { } text => JsonValue.Create(Apply(text)),
        // A secret may be a number, too.
        _ => Apply(value.ToJsonString()) is var json && json == value.ToJsonString() ? value.DeepClone() : JsonValue.Create(json),
    };

    private JsonObject Masked(JsonObject map)
    {
        var masked = new JsonObject();
        foreach (var (name, value) in map) masked[Apply(name)] = Apply(value);
        return masked;
    }

    private static IEnumerable<string> Forms(string secret)
    {
        if (string.IsNullOrWhiteSpace(secret)) return [];
        var json = JsonValues.Json(JsonValue.Create(secret));
        var ascii = JsonSerializer.Serialize(secret);
        var lines = secret.Split('\n').Select(l => l.Trim()).Where(l => l.Length >= 4);
        return
        [
            secret, secret.Trim(), json[1..^1], ascii[1..^1], secret.Replace("'", "'\\''", StringComparison.Ordinal),
            Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(secret)), .. lines,
        ];
    }
}
