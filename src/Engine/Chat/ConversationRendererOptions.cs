using System.Text.Json;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Chat;

/// <summary>What a <see cref="ConversationRenderer"/> knows about the model beside its template.</summary>
public sealed record ConversationRendererOptions
{
    /// <summary>Text of the beginning-of-sequence token.</summary>
    public string BosToken { get; init; } = "";

    /// <summary>Text of the end-of-sequence token.</summary>
    public string EosToken { get; init; } = "";

    /// <summary>Texts of the tokens that end a reply.</summary>
    public IReadOnlyCollection<string> EndTokens { get; init; } = [];

    /// <summary>Texts of the vocabulary's control tokens, which messages cannot produce.</summary>
    public IReadOnlyCollection<string> ControlTokens { get; init; } = [];

    /// <summary>Further variables for the template, for instance <c>enable_thinking</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The clock that <c>strftime_now</c> reads, once: the date that a conversation started with stays.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How the model writes tool calls; null to tell from the template.</summary>
    public IToolCallFormat? ToolCallFormat { get; init; }

    /// <summary>The options that follow from a vocabulary.</summary>
    public static ConversationRendererOptions From(Tokenizer tokenizer)
    {
        var vocabulary = tokenizer.Vocabulary;
        string Text(int? token) => token is { } id ? vocabulary.Tokens[id] : "";
        return new()
        {
            BosToken = Text(vocabulary.BosToken),
            EosToken = Text(vocabulary.EosToken),
            EndTokens = [.. tokenizer.EndTokens.Select(t => vocabulary.Tokens[t])],
            ControlTokens = [.. Enumerable.Range(0, vocabulary.Tokens.Count).Where(i => vocabulary.Types[i] == TokenType.Control).Select(i => vocabulary.Tokens[i])],
        };
    }
}
