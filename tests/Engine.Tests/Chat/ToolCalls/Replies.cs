using System.Text;
using AgentRuntime.Engine.Chat.ToolCalls;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

/// <summary>Parses replies and writes down what came out, so that tests can compare texts.</summary>
internal static class Replies
{
    /// <summary>Parses a reply in pieces of that many characters. One line per section or call.</summary>
    public static string Parse(IToolCallFormat format, string reply, int pieceLength, ToolCallParserOptions? options = null)
    {
        var parser = format.CreateParser(options);
        var parts = new List<ReplyPart>();
        for (var i = 0; i < reply.Length; i += pieceLength) parts.AddRange(parser.Push(reply[i..Math.Min(reply.Length, i + pieceLength)]));
        parts.AddRange(parser.Finish());
        return Describe(parts);
    }

    /// <summary>Parses it whole and in pieces of every small length, which must all give the same.</summary>
    public static string ParseEveryWay(string format, string reply, ToolCallParserOptions? options = null)
    {
        var family = ToolCallFormats.Find(format)!;
        var whole = Parse(family, reply, int.MaxValue / 2, options);
        for (var length = 1; length < 20; length++) Assert.Equal(whole, Parse(family, reply, length, options));
        return whole;
    }

    private static string Describe(IEnumerable<ReplyPart> parts)
    {
        var lines = new List<string>();
        var arguments = new StringBuilder();
        string? started = null;
        ReplyPartKind? section = null;
        foreach (var part in parts)
        {
            switch (part.Kind)
            {
                case ReplyPartKind.Content or ReplyPartKind.Reasoning:
                    if (section == part.Kind) lines[^1] += part.Text;
                    else lines.Add((part.Kind == ReplyPartKind.Content ? "text " : "thought ") + part.Text);
                    section = part.Kind;
                    continue;
                case ReplyPartKind.CallStarted:
                    started = part.Text;
                    arguments.Clear();
                    break;
                case ReplyPartKind.Arguments:
                    arguments.Append(part.Text);
                    break;
                case ReplyPartKind.CallReady:
                    Assert.Equal(part.Call!.Name, started);
                    Assert.Equal($"call{part.CallIndex + 1:00000}", part.Call.CallId);
                    lines.Add($"call {ToolCallFormats.Find("llama3")!.Write([part.Call])}");
                    started = null;
                    break;
                case ReplyPartKind.CallMalformed:
                    lines.Add($"malformed {part.Call!.Name}: {part.Call.Exception!.Message}");
                    started = null;
                    break;
            }
            section = null;
        }
        Assert.Null(started);
        return string.Join('\n', lines);
    }
}
