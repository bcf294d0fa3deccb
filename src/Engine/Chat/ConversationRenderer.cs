using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.Engine.Chat.ToolCalls;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>
/// Renders a conversation piece by piece, so that what the model generated stays as it is, to the token: the start once,
/// then after each reply only what the template writes behind it. Safe for concurrent use.
/// </summary>
public sealed class ConversationRenderer
{
    // Stands for the end of a reply, to find where the text after it begins.
    private const string Mark = "zq7endofreply7qz";

    // Ends of turns in common templates, for when the model ended its reply with another token than the template writes.
    private static readonly string[] KnownEnds =
    [
        "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|end_of_text|>", "<|end|>", "<|return|>", "<|call|>", "</s>",
        "<｜end▁of▁sentence｜>", "<|END_OF_TURN_TOKEN|>", "<|endoftext|>", "<turn|>", "[/e~[", "<|eot|>",
    ];

    private readonly ConversationRendererOptions _options;
    private readonly MessageAdapter _adapter;
    private readonly ControlTokenGuard _guard;
    private readonly TimeProvider _clock;
    private readonly string _reasoningKey;
    private readonly string[] _ends;

    // Which form of a reply the template took last: only a hint, so it does not matter who wrote it.
    private int _form;

    /// <summary>Creates a renderer and tries what the template can do.</summary>
    public ConversationRenderer(ChatTemplate template, ConversationRendererOptions options)
    {
        Template = template;
        Capabilities = TemplateCapabilities.Probe(template);
        Format = options.ToolCallFormat ?? (Capabilities.Tools ? ToolCallFormats.Detect(template.Source) : GenericFormat.Instance);
        _options = options;
        _adapter = new(Capabilities, Format);
        _guard = new(options.ControlTokens);
        _clock = new FixedClock(options.Clock.GetLocalNow());
        _reasoningKey = template.Source.Contains("message.thinking", StringComparison.Ordinal) ? "thinking" : "reasoning_content";
        _ends = [.. options.EndTokens.Append(options.EosToken).Concat(KnownEnds).Where(e => e.Length > 0).Distinct()];
    }

    /// <summary>The template.</summary>
    public ChatTemplate Template { get; }

    /// <summary>What the template can render; the rest is put into words that it can.</summary>
    public TemplateCapabilities Capabilities { get; }

    /// <summary>How the model writes tool calls.</summary>
    public IToolCallFormat Format { get; }

    /// <summary>Renders a whole conversation up to where the model's reply begins.</summary>
    /// <exception cref="TemplateException">The template refuses the conversation.</exception>
    public PromptText RenderStart(IReadOnlyList<ChatMessage> messages, IReadOnlyList<AITool>? tools) =>
        ControlTokenGuard.Split(Render(Convert(messages), ChatTemplateMessages.FromTools(tools), addGenerationPrompt: true));

    /// <summary>Renders a whole conversation without inviting a reply.</summary>
    /// <exception cref="TemplateException">The template refuses the conversation.</exception>
    public PromptText RenderHistory(IReadOnlyList<ChatMessage> messages, IReadOnlyList<AITool>? tools) =>
        ControlTokenGuard.Split(Render(Convert(messages), ChatTemplateMessages.FromTools(tools), addGenerationPrompt: false));

    /// <summary>
    /// Renders what follows a reply: the rest of its turn, new messages, and the invitation to reply again. The reply's own
    /// text and everything before it are not rendered again, so nothing about them can change.
    /// </summary>
    /// <param name="start">The messages that the conversation started with.</param>
    /// <param name="reply">The reply, of which only the tool calls' names and ids matter.</param>
    /// <param name="messages">The messages after it: tool results or the user's next one.</param>
    /// <param name="tools">The tools that the conversation started with.</param>
    /// <param name="endToken">Text of the token that ended the reply and is part of it; null when it was cut off: then the end is part of the result.</param>
    /// <returns>The text, or null if this template cannot continue a conversation in this way: render all of it anew and count a miss.</returns>
    public PromptText? RenderAppend(
        IReadOnlyList<ChatMessage> start, ChatMessage reply, IReadOnlyList<ChatMessage> messages, IReadOnlyList<AITool>? tools, string? endToken)
    {
        var all = Convert([.. start, reply, .. messages]);
        var before = Convert(start).Count;
        var offered = ChatTemplateMessages.FromTools(tools);
        var replies = MarkedReplies(all[before]).ToArray();
        // What worked last time works nearly always, and a refusal costs a rendering.
        foreach (var form in Enumerable.Range(0, replies.Length).OrderBy(i => i != _form))
        {
            string text;
            try
            {
                text = Render([.. all.Take(before), replies[form], .. all.Skip(before + 1)], offered, addGenerationPrompt: true);
            }
            catch (TemplateException)
            {
                continue;
            }
            if (AfterReply(text, endToken, FirstContent(all, before + 1)) is not { } rest) continue;
            _form = form;
            return ControlTokenGuard.Split(rest);
        }
        return null;
    }

    private string Render(IReadOnlyList<JsonElement> messages, IReadOnlyList<JsonElement>? tools, bool addGenerationPrompt) => Template.Render(new()
    {
        Messages = _adapter.Adapt(messages, tools),
        Tools = _adapter.Tools(tools),
        AddGenerationPrompt = addGenerationPrompt,
        BosToken = _options.BosToken,
        EosToken = _options.EosToken,
        Variables = _options.Variables,
        Clock = _clock,
    });

    private IReadOnlyList<JsonElement> Convert(IReadOnlyList<ChatMessage> messages) => _guard.Guard(ChatTemplateMessages.FromMessages(messages, _reasoningKey));

    // The reply with the mark as its last words: in its last call's arguments if it has calls, else in its text. The forms
    // differ in what some templates refuse: no content, an empty one, several calls.
    private static IEnumerable<JsonElement> MarkedReplies(JsonElement reply)
    {
        if (reply.TryGetProperty("tool_calls", out var calls) && calls.GetArrayLength() > 0)
        {
            foreach (var content in new[] { null, "" })
            {
                yield return WithCalls(content, [.. calls.EnumerateArray()]);
                if (calls.GetArrayLength() > 1) yield return WithCalls(content, [calls[calls.GetArrayLength() - 1]]);
            }
        }
        yield return JsonSerializer.SerializeToElement(new { role = "assistant", content = Mark });
    }

    private static JsonElement WithCalls(string? content, JsonElement[] calls)
    {
        var marked = new JsonArray([.. calls.Select(c => JsonNode.Parse(c.GetRawText()))]);
        marked[^1]!["function"]!["arguments"] = new JsonObject { ["x"] = Mark };
        return JsonSerializer.SerializeToElement(new JsonObject { ["role"] = "assistant", ["content"] = content, ["tool_calls"] = marked });
    }

    private static string FirstContent(IReadOnlyList<JsonElement> messages, int index) =>
        index < messages.Count && messages[index].TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String
            ? content.GetString()!.Trim()
            : "";

    private string? AfterReply(string text, string? endToken, string nextContent)
    {
        var mark = text.LastIndexOf(Mark, StringComparison.Ordinal);
        if (mark < 0) return null;
        var rest = text[(mark + Mark.Length)..];
        var end = endToken is { Length: > 0 } ? rest.IndexOf(endToken, StringComparison.Ordinal) : -1;
        var length = endToken?.Length ?? 0;
        if (end < 0)
        {
            var found = _ends.Select(e => (Index: rest.IndexOf(e, StringComparison.Ordinal), e.Length)).Where(e => e.Index >= 0)
                .OrderBy(e => e.Index).ThenByDescending(e => e.Length).ToArray();
            if (found.Length == 0) return null;
            (end, length) = found[0];
        }
        // What follows the reply must come after its end.
        if (rest.Contains(nextContent, StringComparison.Ordinal) && rest.IndexOf(nextContent, end + length, StringComparison.Ordinal) < 0) return null;
        return rest[(endToken is null ? end : end + length)..];
    }
}
