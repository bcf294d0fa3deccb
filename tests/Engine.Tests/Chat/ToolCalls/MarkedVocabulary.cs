using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

/// <summary>A synthetic vocabulary in which the marks of all families are tokens of their own, most of them control tokens.</summary>
internal static class MarkedVocabulary
{
    private static readonly string[] Control =
    [
        "<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|call|>", "<|return|>", "<|constrain|>", "<|python_tag|>", "[TOOL_CALLS]", "[ARGS]", "<|tool_call|>",
        "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁sep｜>",
        "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>", "</arg_value>",
    ];

    private static readonly string[] Text = ["<think>", "</think>", "<arg_key>", "</arg_key>", "<arg_value>"];

    private static readonly Lazy<Tokenizer> Shared = new(() => Create(1024));

    public static Tokenizer Tokenizer => Shared.Value;

    /// <summary>Puts the marks in the place of the last ordinary tokens of a synthetic vocabulary.</summary>
    public static Tokenizer Create(int size)
    {
        var plain = SyntheticVocabulary.Create(size, "qwen2");
        string[] tokens = [.. plain.Tokens];
        TokenType[] types = [.. plain.Types];
        var next = tokens.Length - 5;
        foreach (var (name, type) in Control.Select(name => (name, TokenType.Control)).Concat(Text.Select(name => (name, TokenType.UserDefined)))) (tokens[--next], types[next]) = (name, type);
        var gone = plain.Tokens.Except(tokens).ToHashSet();
        return TokenizerFactory.Create(plain with { Tokens = tokens, Types = types, Merges = [.. plain.Merges.Where(merge => !gone.Contains(merge.Replace(" ", "", StringComparison.Ordinal)))] });
    }
}
