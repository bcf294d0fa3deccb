using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

/// <summary>Replies of no model at all.</summary>
internal static class RandomReply
{
    /// <summary>Writes random allowed tokens up to the end. Closing marks are preferred half of the time, openings now and then, so that replies have both. Null when no end came.</summary>
    public static string? Write(ITokenMask mask, Tokenizer tokenizer, Random random, int[][]? openings = null)
    {
        List<int> tokens = [];
        var script = new Queue<int>();
        while (tokens.Count < 3000)
        {
            if (openings is not null && script.Count == 0 && random.Next(10) == 0) script = new(openings[random.Next(openings.Length)]);
            var allowed = mask.Allowed;
            List<int> choices = [];
            for (var token = 0; token < tokenizer.VocabularySize; token++)
            {
                if ((allowed[token >> 6] >> token & 1) != 0) choices.Add(token);
            }
            Assert.NotEmpty(choices);
            var end = choices.FindIndex(tokenizer.EndTokens.Contains);
            var next = choices[random.Next(choices.Count)];
            if (script.TryDequeue(out var scripted) && choices.Contains(scripted)) next = scripted;
            else if (end >= 0 && random.Next(openings is null ? 2 : 30) == 0) next = choices[end];
            else if (random.Next(4) == 0 && choices.Find(token => tokenizer.Bytes(token, special: false).Span is [(byte)'"'] or [(byte)'}'] or [(byte)']'] or [(byte)'<']) is > 0 and var close) next = close;
            if (tokenizer.EndTokens.Contains(next)) return tokenizer.Decode(tokens, special: true);
            mask.Accept(next);
            tokens.Add(next);
        }
        return null;
    }
}
