using System.Text.Json;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Tokenization;
using AgentRuntime.Server.Http;

namespace AgentRuntime.Server.Completions;

/// <summary>A prompt as token ids, and as text when it came as text.</summary>
internal sealed record CompletionPrompt(int[] Tokens, string? Text)
{
    /// <summary>Control tokens in the text are recognised; what the engine wrote in an earlier continuation keeps its tokens.</summary>
    public static CompletionPrompt FromText(string text, string path, ServerContext server)
    {
        var tokenizer = server.Engine.Tokenizer;
        var tokens = server.Engine.TextTokens.Encode(text).Tokens;
        if (tokenizer is { AddsBos: true, Vocabulary.BosToken: { } bos } && (tokens.Length == 0 || tokens[0] != bos)) tokens = [bos, .. tokens];
        return new(tokens.Length > 0 ? tokens : throw ApiException.Invalid(path, "must not be empty"), text);
    }

    /// <summary>Ids as they are.</summary>
    public static CompletionPrompt FromTokens(JsonElement value, string path, ServerContext server)
    {
        int[] tokens = [.. JsonFields.ItemsOf(value, path).Select(item => (int)JsonFields.WholeOf(item.Value, item.Path, 0, server.Engine.Model.VocabularySize - 1))];
        return new(tokens.Length > 0 ? tokens : throw ApiException.Invalid(path, "must not be empty"), null);
    }

    /// <summary>Lets a prompt that begins with this one and its continuation be the same tokens.</summary>
    public void Remember(InferenceEngine engine, IEnumerable<int> generated, string continuation)
    {
        if (Text is null || HasControlToken(engine.Tokenizer, continuation)) return;
        var skip = engine.Tokenizer is { AddsBos: true, Vocabulary.BosToken: { } bos } && Tokens[0] == bos && !Text.StartsWith(engine.Tokenizer.Vocabulary.Tokens[bos], StringComparison.Ordinal) ? 1 : 0;
        engine.TextTokens.Record(Text + continuation, [.. Tokens.Skip(skip), .. generated]);
    }

    // Text that only looks like a control token is not that token.
    private static bool HasControlToken(Tokenizer tokenizer, string text) =>
        tokenizer.Encode(text, parseSpecial: true).Any(token => tokenizer.Vocabulary.Types[token] == TokenType.Control);
}
