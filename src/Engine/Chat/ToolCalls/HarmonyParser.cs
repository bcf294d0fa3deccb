using System.Text;
using System.Text.RegularExpressions;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>
/// Reads OpenAI's harmony format: messages with a header (channel, recipient) and a body. The reply starts inside the
/// first header, right after <c>&lt;|start|&gt;assistant</c>.
/// </summary>
internal sealed partial class HarmonyParser(ToolCallParserOptions options) : ToolCallParser(options)
{
    /// <summary>Begins the text for the user.</summary>
    public const string FinalMessage = "<|channel|>final<|message|>";

    private const string Message = "<|message|>";
    private static readonly string[] HeaderEnds = [Message];
    private static readonly string[] BodyEnds = ["<|end|>", "<|call|>", "<|return|>", "<|start|>"];

    private readonly StringBuilder _arguments = new();
    private JsonProgress _json = new();
    private bool _inBody;
    private bool _isReported;
    private bool _isFirst = true;
    private string? _tool;
    private ReplyPartKind _section = ReplyPartKind.Content;

    private protected override void Parse(bool atEnd)
    {
        while (_inBody ? Body(atEnd) : Header(atEnd))
        {
        }
    }

    private bool Header(bool atEnd)
    {
        if (_isFirst && IsPlainText())
        {
            (_isFirst, _inBody) = (false, true);
            return true;
        }
        if (Buffer.Find(HeaderEnds) is not var (index, mark)) return false;
        var header = Buffer.Take(index);
        Buffer.Take(mark.Length);
        _isFirst = false;
        _inBody = true;
        _tool = Recipient().Match(header) is { Success: true } recipient ? recipient.Groups[1].Value : null;
        _section = header.Contains("analysis", StringComparison.Ordinal) ? ReplyPartKind.Reasoning : ReplyPartKind.Content;
        if (_tool is not null) Sink.Started(CallText.PlainName(_tool));
        return true;
    }

    // The call is ready with its last bracket; what may follow that is no part of it.
    private void ReadArguments(string text)
    {
        if (_isReported) return;
        var length = 0;
        while (length < text.Length && !_json.IsComplete) _json.Read(text[length++]);
        _arguments.Append(text, 0, length);
        Sink.Arguments(text[..length]);
        if (!_json.IsComplete) return;
        CallText.Report(Sink, _tool!, _arguments.ToString());
        _isReported = true;
    }

    // A model that was not trained on the format just writes.
    private bool IsPlainText()
    {
        var text = Buffer.Text.TrimStart();
        return text.Length > 0 && text[0] != '<' && !"to=".AsSpan().StartsWith(text[..Math.Min(3, text.Length)], StringComparison.Ordinal);
    }

    private bool Body(bool atEnd)
    {
        var end = Buffer.Find(BodyEnds);
        var length = end?.Index ?? Buffer.Length - (atEnd ? 0 : Buffer.UndecidedTail(BodyEnds));
        var text = Buffer.Take(length);
        if (_tool is null)
        {
            if (text.Length > 0) Sink.Text(_section, text);
        }
        else
        {
            ReadArguments(text);
        }
        if (end is null && !atEnd) return false;
        if (end is var (_, mark)) Buffer.Take(mark.Length);
        if (_tool is not null && !_isReported) CallText.Report(Sink, _tool, _arguments.ToString());
        _arguments.Clear();
        _json = new();
        _isReported = false;
        (_inBody, _tool, _section) = (false, null, ReplyPartKind.Content);
        return end is not null;
    }

    [GeneratedRegex(@"to=(?:functions\.)?([^\s<]+)")]
    private static partial Regex Recipient();
}
