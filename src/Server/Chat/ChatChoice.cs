using System.Text;
using AgentRuntime.Engine.Chat;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tokenization;
using AgentRuntime.Server.Diagnostics;
using AgentRuntime.Server.Wire;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Chat;

/// <summary>One reply while it comes: each update as deltas, and in the end all of it.</summary>
/// <param name="tokenizer">Names tokens.</param>
/// <param name="clock">Follows the generation.</param>
/// <param name="logprobs">Whether log-probabilities are asked for.</param>
internal sealed class ChatChoice(Tokenizer tokenizer, GenerationClock clock, bool logprobs)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<ToolCall> _calls = [];
    private readonly List<TokenLogprob> _logprobs = [];
    private bool _started;
    private bool _hasArguments;
    private TimeSpan _age;

    /// <summary>Why the reply ended; null while it goes on.</summary>
    public string? FinishReason { get; private set; }

    /// <summary>What the reply cost, once it has ended.</summary>
    public UsageDetails? Usage { get; private set; }

    /// <summary>Log-probabilities of the whole text; null when they are not asked for.</summary>
    public ChatLogprobs? Logprobs => logprobs ? new([.. _logprobs]) : null;

    /// <summary>The whole message.</summary>
    public ChatMessageBody Message => new()
    {
        Role = "assistant",
        Content = _text.Length > 0 || _calls.Count == 0 ? _text.ToString() : null,
        ReasoningContent = _reasoning.Length > 0 ? _reasoning.ToString() : null,
        ToolCalls = _calls.Count > 0 ? [.. _calls.Select(c => c with { Index = null })] : null,
    };

    /// <summary>Takes an update and returns what a client of a stream gets for it.</summary>
    public IEnumerable<(ChatMessageBody Delta, ChatLogprobs? Logprobs)> Push(ChatResponseUpdate update)
    {
        List<(ChatMessageBody, ChatLogprobs?)> deltas = [];
        var events = update.RawRepresentation as IReadOnlyList<TokenEvent> ?? [];
        if (events.Count > 0) _age = events[^1].Time;
        if (!_started) Add(new() { Role = "assistant", Content = "" });
        _started = true;
        foreach (var content in update.Contents)
        {
            switch (content)
            {
                case TextReasoningContent { Text.Length: > 0 } reasoning:
                    _reasoning.Append(reasoning.Text);
                    Add(new() { ReasoningContent = reasoning.Text });
                    break;
                case TextContent { Text.Length: > 0 } text:
                    AddText(text.Text);
                    break;
                case FunctionCallPiece { Name: { } name } piece:
                    _hasArguments = false;
                    _calls.Add(new(_calls.Count, piece.CallId, "function", new(name, "")));
                    Add(new() { ToolCalls = [_calls[^1]] });
                    break;
                case FunctionCallPiece piece:
                    _hasArguments = true;
                    AddArguments(piece.Arguments);
                    break;
                // The client has its pieces; one that cannot be read was cut off, as the finish reason says.
                case FunctionCallContent call when _calls is [.., { } last] && last.Id == call.CallId:
                    if (!_hasArguments && call.Exception is null) AddArguments(ToolCall.ArgumentsOf(call));
                    break;
                // A client could do nothing with a call that cannot be read; the text shows what was meant.
                case FunctionCallContent { Exception: ToolCallFormatException malformed }:
                    AddText(malformed.Text);
                    break;
                case FunctionCallContent call:
                    var whole = ToolCall.Of(call, _calls.Count);
                    _calls.Add(whole);
                    Add(new() { ToolCalls = [whole with { Function = whole.Function with { Arguments = "" } }] });
                    AddArguments(whole.Function.Arguments);
                    break;
                case UsageContent usage:
                    Usage = usage.Details;
                    break;
            }
        }
        if (update.FinishReason is { } reason) FinishReason = reason == ChatFinishReason.Length ? "length" : _calls.Count > 0 ? "tool_calls" : "stop";
        return deltas;

        void Add(ChatMessageBody delta) => deltas.Add((delta, null));

        void AddArguments(string arguments) => Add(new() { ToolCalls = [new(_calls.Count - 1, null, null, new(null, arguments))] });

        void AddText(string text)
        {
            _text.Append(text);
            var of = logprobs ? TokenLogprob.Of(events, tokenizer).ToList() : null;
            events = [];
            if (of is not null) _logprobs.AddRange(of);
            deltas.Add((new() { Content = text }, of is null ? null : new(of)));
        }
    }

    /// <summary>Notes that the last update has been written.</summary>
    public void Delivered(long stalledUntil) => clock.Delivered(_age, stalledUntil);
}
