using AgentRuntime.Server.Http;
using Microsoft.AspNetCore.Http;

namespace AgentRuntime.Server.Tokens;

/// <summary><c>POST /tokenize</c> and <c>/detokenize</c>. Two names each for the text and the options, for clients of other servers.</summary>
internal sealed class TokensEndpoint(ServerContext server)
{
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal) { "model" };

    public async Task TokenizeAsync(HttpContext http)
    {
        var (fields, _) = await ApiJson.ReadAsync(http, server.Options).ConfigureAwait(false);
        var text = fields.Text("content") ?? fields.Text("prompt") ?? throw ApiException.Invalid("content", "is missing");
        var addSpecial = (fields.Flag("add_special") ?? false) | (fields.Flag("add_special_tokens") ?? false);
        var parseSpecial = fields.Flag("parse_special") ?? true;
        fields.RefuseUnknown(Ignored);

        var tokenizer = server.Engine.Tokenizer;
        var tokens = tokenizer.Encode(text, parseSpecial);
        if (addSpecial && tokenizer is { AddsBos: true, Vocabulary.BosToken: { } bos }) tokens = [bos, .. tokens];
        await ApiJson.WriteAsync(http, new { Tokens = tokens, Count = tokens.Length, MaxModelLen = server.Engine.ContextLength }).ConfigureAwait(false);
    }

    public async Task DetokenizeAsync(HttpContext http)
    {
        var (fields, _) = await ApiJson.ReadAsync(http, server.Options).ConfigureAwait(false);
        int[] tokens = [.. JsonFields.ItemsOf(fields.Require("tokens"), "tokens").Select(item =>
            (int)JsonFields.WholeOf(item.Value, item.Path, 0, server.Engine.Tokenizer.VocabularySize - 1))];
        fields.RefuseUnknown(Ignored);
        var text = server.Engine.Tokenizer.Decode(tokens, special: true);
        await ApiJson.WriteAsync(http, new { Content = text, Prompt = text }).ConfigureAwait(false);
    }
}
