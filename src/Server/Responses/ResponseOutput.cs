using System.Text;
using AgentRuntime.Engine.Chat;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Server.Wire;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Responses;

/// <summary>The output of a response while it comes: its items, and the events that tell of them.</summary>
internal sealed class ResponseOutput
{
    private const string InProgress = "in_progress";
    private const string Completed = "completed";
    private readonly List<object> _items = [];
    private readonly StringBuilder _text = new();
    private string? _open;
    private FunctionCallItem? _call;
    private bool _isReasoning;

    /// <summary>The items that are complete.</summary>
    public IReadOnlyList<object> Items => _items;

    /// <summary>The events of an update.</summary>
    public IEnumerable<ResponseEvent> Push(ChatResponseUpdate update) => update.Contents.SelectMany(content => content switch
    {
        TextReasoningContent { Text.Length: > 0 } reasoning => Text(reasoning.Text, isReasoning: true),
        TextContent { Text.Length: > 0 } text => Text(text.Text, isReasoning: false),
        FunctionCallPiece { Name: { } name } piece => [.. Close(Completed), Begin(piece.CallId, name)],
        FunctionCallPiece piece => [Arguments(piece.Arguments)],
        // The client has its pieces; one that cannot be read was cut off.
        FunctionCallContent call when _call?.CallId == call.CallId => End(call),
        // A client could do nothing with a call that cannot be read; the text shows what was meant.
        FunctionCallContent { Exception: ToolCallFormatException malformed } => Text(malformed.Text, isReasoning: false),
        FunctionCallContent call => [.. Close(Completed), Begin(call.CallId, call.Name), .. End(call)],
        _ => [],
    });

    /// <summary>The events that end a text that is still open.</summary>
    /// <param name="status">How it ends: completed or incomplete.</param>
    public IEnumerable<ResponseEvent> Close(string status)
    {
        if (_open is not { } id) return [];
        var (index, text, kind) = (_items.Count, _text.ToString(), PartType);
        var part = new TextPart(kind, text);
        var item = Item(id, status, [part]);
        _items.Add(item);
        _text.Clear();
        _open = null;
        return
        [
            new($"response.{kind}.done") { ItemId = id, OutputIndex = index, ContentIndex = 0, Text = text, Logprobs = Logprobs },
            new("response.content_part.done") { ItemId = id, OutputIndex = index, ContentIndex = 0, Part = part },
            new("response.output_item.done") { OutputIndex = index, Item = item },
        ];
    }

    private string PartType => _isReasoning ? "reasoning_text" : "output_text";

    private object[]? Logprobs => _isReasoning ? null : [];

    private List<ResponseEvent> Text(string text, bool isReasoning)
    {
        List<ResponseEvent> events = _isReasoning == isReasoning ? [] : [.. Close(Completed)];
        if (_open is null)
        {
            _isReasoning = isReasoning;
            _open = Id(isReasoning ? "rs" : "msg");
            events.Add(new("response.output_item.added") { OutputIndex = _items.Count, Item = Item(_open, InProgress, []) });
            events.Add(new("response.content_part.added") { ItemId = _open, OutputIndex = _items.Count, ContentIndex = 0, Part = new(PartType, "") });
        }
        _text.Append(text);
        events.Add(new($"response.{PartType}.delta") { ItemId = _open, OutputIndex = _items.Count, ContentIndex = 0, Delta = text, Logprobs = Logprobs });
        return events;
    }

    private ResponseEvent Begin(string callId, string name)
    {
        _call = new(Id("fc"), InProgress, callId, name, "");
        return new("response.output_item.added") { OutputIndex = _items.Count, Item = _call };
    }

    private ResponseEvent Arguments(string piece)
    {
        _text.Append(piece);
        return new("response.function_call_arguments.delta") { ItemId = _call!.Id, OutputIndex = _items.Count, Delta = piece };
    }

    private List<ResponseEvent> End(FunctionCallContent call)
    {
        List<ResponseEvent> events = _text.Length == 0 && call.Exception is null ? [Arguments(ToolCall.ArgumentsOf(call))] : [];
        var item = _call! with { Status = call.Exception is null ? Completed : "incomplete", Arguments = _text.ToString() };
        events.Add(new("response.function_call_arguments.done") { ItemId = item.Id, OutputIndex = _items.Count, Name = item.Name, Arguments = item.Arguments });
        events.Add(new("response.output_item.done") { OutputIndex = _items.Count, Item = item });
        _items.Add(item);
        _text.Clear();
        _call = null;
        return events;
    }

    private object Item(string id, string status, IReadOnlyList<TextPart> content) => _isReasoning ? new ReasoningItem(id, status, content) : new MessageItem(id, status, content);

    private static string Id(string kind) => $"{kind}_{Guid.NewGuid():N}";
}
