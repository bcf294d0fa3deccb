using System.Text;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Server.Wire;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Chat;

/// <summary>One reply while it comes: each update as deltas, and in the end all of it.</summary>
internal sealed class ChatChoice
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<ToolCall> _calls = [];
    private bool _started;

    /// <summary>Why the reply ended; null while it goes on.</summary>
    public string? FinishReason { get; private set; }

    /// <summary>What the reply cost, once it has ended.</summary>
    public UsageDetails? Usage { get; private set; }

    /// <summary>The whole message.</summary>
    public ChatMessageBody Message => new()
    {
        Role = "assistant",
        Content = _text.Length > 0 || _calls.Count == 0 ? _text.ToString() : null,
        ReasoningContent = _reasoning.Length > 0 ? _reasoning.ToString() : null,
        ToolCalls = _calls.Count > 0 ? [.. _calls.Select(c => c with { Index = null })] : null,
    };

    /// <summary>Takes an update and returns what a client of a stream gets for it.</summary>
    public IEnumerable<ChatMessageBody> Push(ChatResponseUpdate update)
    {
        List<ChatMessageBody> deltas = [];
        if (!_started) deltas.Add(new() { Role = "assistant", Content = "" });
        _started = true;
        foreach (var content in update.Contents)
        {
            switch (content)
            {
                case TextReasoningContent { Text.Length: > 0 } reasoning:
                    _reasoning.Append(reasoning.Text);
                    deltas.Add(new() { ReasoningContent = reasoning.Text });
                    break;
                case TextContent { Text.Length: > 0 } text:
                    AddText(text.Text);
                    break;
                // A client could do nothing with a call that cannot be read; the text shows what was meant.
                case FunctionCallContent { Exception: ToolCallFormatException malformed }:
                    AddText(malformed.Text);
                    break;
                case FunctionCallContent call:
                    var whole = ToolCall.Of(call, _calls.Count);
                    _calls.Add(whole);
                    deltas.Add(new() { ToolCalls = [whole with { Function = whole.Function with { Arguments = "" } }] });
                    deltas.Add(new() { ToolCalls = [new(whole.Index, null, null, new(null, whole.Function.Arguments))] });
                    break;
                case UsageContent usage:
                    Usage = usage.Details;
                    break;
            }
        }
        if (update.FinishReason is { } reason) FinishReason = reason == ChatFinishReason.Length ? "length" : _calls.Count > 0 ? "tool_calls" : "stop";
        return deltas;

        void AddText(string text)
        {
            _text.Append(text);
            deltas.Add(new() { Content = text });
        }
    }
}
