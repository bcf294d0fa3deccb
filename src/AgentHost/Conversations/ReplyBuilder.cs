using System.Text;
using AgentRuntime.Engine.Chat.ToolCalls;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Conversations;

/// <summary>Turns a reply's text into events as it comes, and into the whole message at its end.</summary>
internal sealed class ReplyBuilder(ToolCallParser parser)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<FunctionCallContent> _calls = [];

    /// <summary>Takes the next piece of text.</summary>
    public IEnumerable<ReplyEvent> Push(string text) => text.Length == 0 ? [] : Events(parser.Push(text));

    /// <summary>Ends the reply.</summary>
    /// <param name="cutOff">Why it ends though it is not over; null when it is.</param>
    public IEnumerable<ReplyEvent> Complete(string? cutOff) => Events(parser.Finish(cutOff));

    /// <summary>The message so far.</summary>
    public ChatMessage ToMessage()
    {
        List<AIContent> contents = [];
        if (_reasoning.Length > 0) contents.Add(new TextReasoningContent(_reasoning.ToString()));
        if (_text.Length > 0) contents.Add(new TextContent(_text.ToString()));
        return new(ChatRole.Assistant, [.. contents, .. _calls]);
    }

    private IEnumerable<ReplyEvent> Events(IReadOnlyList<ReplyPart> parts)
    {
        foreach (var part in parts)
        {
            switch (part.Kind)
            {
                case ReplyPartKind.Content:
                    _text.Append(part.Text);
                    yield return new() { Text = part.Text };
                    break;
                case ReplyPartKind.Reasoning:
                    _reasoning.Append(part.Text);
                    yield return new() { Reasoning = part.Text };
                    break;
                case ReplyPartKind.CallReady or ReplyPartKind.CallMalformed:
                    _calls.Add(part.Call!);
                    yield return new() { Call = part.Call };
                    break;
            }
        }
    }
}
