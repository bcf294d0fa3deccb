using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentRuntime.Engine.Chat;

/// <summary>
/// Keeps the text of control tokens in messages from becoming control tokens: before rendering a private character is put
/// inside each, and after it the text is cut where those stand.
/// </summary>
internal sealed class ControlTokenGuard(IReadOnlyCollection<string> controlTokens)
{
    private const char Cut = '\uf8e0';

    private readonly SearchValues<string> _search = SearchValues.Create(
        [.. controlTokens.Where(t => t.Length > 0), Cut.ToString(), "\\u"], StringComparison.Ordinal);

    /// <summary>Messages with every control token's text broken.</summary>
    public IReadOnlyList<JsonElement> Guard(IReadOnlyList<JsonElement> messages) => [.. messages.Select(Guard)];

    /// <summary>Cuts rendered text where texts were broken.</summary>
    public static PromptText Split(string text) => new(text.Contains(Cut) ? text.Split(Cut) : [text]);

    private JsonElement Guard(JsonElement message)
    {
        var raw = message.GetRawText();
        // An escape in the JSON could hide a token, so a backslash and u mean a closer look too.
        return raw.AsSpan().ContainsAny(_search) ? JsonSerializer.SerializeToElement(Guard(JsonNode.Parse(raw))) : message;
    }

    private JsonNode? Guard(JsonNode? node) => node switch
    {
        JsonObject value => new JsonObject(value.Select(p => KeyValuePair.Create(Guard(p.Key), Guard(p.Value)))),
        JsonArray value => new JsonArray([.. value.Select(Guard)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => JsonValue.Create(Guard(value.GetValue<string>())),
        _ => node?.DeepClone(),
    };

    private string Guard(string text)
    {
        text = text.Replace(Cut.ToString(), "", StringComparison.Ordinal);
        foreach (var token in controlTokens)
        {
            if (token.Length > 1) text = text.Replace(token, token[..1] + Cut + token[1..], StringComparison.Ordinal);
        }
        return text;
    }
}
