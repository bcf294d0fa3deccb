using System.Text;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>A reply while it is generated: its tokens, and the contents that they make.</summary>
internal sealed class ChatReply(Tokenizer tokenizer, IToolCallFormat format, ToolCallParserOptions options, ChatRequest request)
{
    // Where no call is allowed, what looks like one is text to the letter. Harmony's channels are more than calls.
    private readonly ToolCallParser _parser = request.AllowsCalls || format == HarmonyFormat.Instance
        ? format.CreateParser(options)
        : new MarkedCallParser(options, new Dictionary<string, Func<ICallReader>?>());
    private readonly StringBuilder _visible = new();
    private readonly StringBuilder _text = new();
    private readonly List<FunctionCallContent> _calls = [];
    private readonly List<int> _tokens = [];
    private string _startedId = "";

    /// <summary>Number of complete calls.</summary>
    public int Calls => _calls.Count;

    /// <summary>Tokens of reasoning.</summary>
    public int ReasoningTokens { get; private set; }

    /// <summary>The message without its reasoning, which is no part of what the conversation says.</summary>
    public ChatMessage Message => new(ChatRole.Assistant, [.. _text.Length > 0 ? [new TextContent(_text.ToString())] : Array.Empty<AIContent>(), .. _calls]);

    /// <summary>Whether no text of the reply looks like a control token.</summary>
    public bool IsPlain => !tokenizer.Encode(_visible.ToString(), parseSpecial: true).Any(t => tokenizer.Vocabulary.Types[t] == TokenType.Control);

    /// <summary>Whether the reply ends with a token that ends replies.</summary>
    public bool HasEnd => _tokens.Count > 0 && tokenizer.EndTokens.Contains(_tokens[^1]);

    /// <summary>The control token that ended the reply, by name; null when it was cut off.</summary>
    public string? EndText => HasEnd ? tokenizer.Vocabulary.Tokens[_tokens[^1]] : null;

    /// <summary>Takes an event of the generation and returns what became certain with it.</summary>
    public List<AIContent> Push(TokenEvent e)
    {
        _visible.Append(e.Text);
        var text = e.Text;
        if (e.Token is { } token)
        {
            _tokens.Add(token);
            // Control tokens mark calls in some families, so the parser gets their names.
            if (tokenizer.Vocabulary.Types[token] == TokenType.Control && !tokenizer.EndTokens.Contains(token)) text += tokenizer.Vocabulary.Tokens[token];
        }
        var parts = text.Length == 0 ? [] : _parser.Push(text);
        if (e.Token is not null && parts.Any(p => p.Kind == ReplyPartKind.Reasoning)) ReasoningTokens++;
        return Contents(parts);
    }

    /// <summary>Ends the reply and returns what was held back.</summary>
    /// <param name="cutOff">Why it ends though it is not over; null when it is.</param>
    public List<AIContent> Finish(string? cutOff) => Contents(_parser.Finish(cutOff));

    /// <summary>The ids of the reply as the caller has it: as generated, but nothing of a stop sequence.</summary>
    public int[] Tokens(FinishReason reason)
    {
        var stopped = reason == FinishReason.Stop && request.Generation.StopSequences.Count > 0 && (request.Generation.IgnoreEos || !HasEnd);
        if (!stopped) return [.. _tokens];
        var visible = _visible.ToString();
        var keep = _tokens.Count;
        while (keep > 0 && !visible.StartsWith(tokenizer.Decode(_tokens.Take(keep), special: false), StringComparison.Ordinal)) keep--;
        var kept = tokenizer.Decode(_tokens.Take(keep), special: false);
        return [.. _tokens.Take(keep), .. tokenizer.Encode(visible[kept.Length..], parseSpecial: false)];
    }

    private bool StreamsCall => request is { StreamsCalls: true, AllowsCalls: true } && (!request.OneCall || _calls.Count == 0);

    private List<AIContent> Contents(IReadOnlyList<ReplyPart> parts)
    {
        var contents = new List<AIContent>();
        foreach (var part in parts)
        {
            switch (part.Kind)
            {
                case ReplyPartKind.Content:
                    AddText(part.Text);
                    break;
                case ReplyPartKind.Reasoning when request.ShowsReasoning:
                    contents.Add(new TextReasoningContent(part.Text));
                    break;
                case ReplyPartKind.CallStarted when StreamsCall:
                    _startedId = part.CallId!;
                    contents.Add(new FunctionCallPiece(_startedId, part.Text, ""));
                    break;
                case ReplyPartKind.Arguments when StreamsCall:
                    contents.Add(new FunctionCallPiece(_startedId, null, part.Text));
                    break;
                case ReplyPartKind.CallReady or ReplyPartKind.CallMalformed when !request.AllowsCalls:
                    AddText(part.Call!.Exception is ToolCallFormatException malformed ? malformed.Text : format.Write([part.Call]));
                    break;
                case ReplyPartKind.CallReady or ReplyPartKind.CallMalformed when !request.OneCall || _calls.Count == 0:
                    // Loops that call functions would make a malformed call without its arguments.
                    if (part.Kind == ReplyPartKind.CallMalformed) part.Call!.InformationalOnly = true;
                    _calls.Add(part.Call!);
                    contents.Add(part.Call!);
                    break;
            }
        }
        return contents;

        void AddText(string text)
        {
            _text.Append(text);
            contents.Add(new TextContent(text));
        }
    }
}
