using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>What a prompt says beside its messages; when it changes, so does the front of the prompt.</summary>
internal sealed record ChatSetup(string? Instructions, IReadOnlyList<AITool> Tools, IReadOnlyDictionary<string, JsonElement> Variables)
{
    private string? _key;

    /// <summary>The same for setups that render the same.</summary>
    public string Key => _key ??= Convert.ToHexString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
        new { Instructions, Tools = ChatTemplateMessages.FromTools(Tools), Variables = VariablesKey })));

    /// <summary>Whether the template is told not to let the model reason.</summary>
    public bool ForbidsReasoning => Variables.TryGetValue("enable_thinking", out var enabled) && enabled.ValueKind == JsonValueKind.False;

    /// <summary>The same for equal variables.</summary>
    public string VariablesKey => string.Join('\n', Variables.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value.GetRawText()}"));

    /// <summary>The messages with the instructions before them.</summary>
    public IReadOnlyList<ChatMessage> WithInstructions(IEnumerable<ChatMessage> messages) =>
        string.IsNullOrEmpty(Instructions) ? [.. messages] : [new(ChatRole.System, Instructions), .. messages];

    /// <summary>Names a conversation by all that it says, except for reasoning: callers drop that or keep it as they like.</summary>
    /// <param name="key">The key of what stands before the message.</param>
    /// <param name="message">The next message.</param>
    public static string Extend(string key, ChatMessage message)
    {
        var text = new StringBuilder(key);
        foreach (var json in ChatTemplateMessages.FromMessages([message]))
        {
            foreach (var name in (string[])["role", "content", "tool_calls", "tool_call_id"])
                text.Append('\0').Append(json.TryGetProperty(name, out var value) ? Canonical(value) : "");
        }
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    // Callers also trim what they send back.
    private static string Canonical(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim() : value.GetRawText();
}
