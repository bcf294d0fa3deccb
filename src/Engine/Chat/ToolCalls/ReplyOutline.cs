using System.Text;
using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Grammar.Matching;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Makes the places of a reply: which texts stand in it in which order.</summary>
internal abstract class ReplyOutline
{
    /// <summary>The places that every outline has.</summary>
    public const int Start = 0, Reasoning = 1, CloseReasoning = 2, AfterReasoning = 3, AfterArguments = 4, FirstOwn = 5;

    private readonly List<ReplyPlace?> _places = [.. new ReplyPlace?[FirstOwn]];
    private readonly Tokenizer _tokenizer;
    private readonly IReadOnlyList<AIFunctionDeclaration> _tools;

    protected ReplyOutline(IToolCallFormat format, Tokenizer tokenizer, IReadOnlyList<AIFunctionDeclaration> tools, ToolCallGrammarOptions options)
    {
        (_tokenizer, _tools, Format, Shape) = (tokenizer, tools, format, format.Shape);
        MustCall = options.Mode is RequiredChatToolMode;
        MayReason = options.MayReason;
        var several = options.AllowMultipleCalls && options.Mode is not RequiredChatToolMode { RequiredFunctionName: not null };
        var last = Bytes(Shape.AfterArguments + Shape.Close);
        // A call whose last mark ends the reply is the only one.
        several &= !last.AsSpan().Contains(ControlBytes.End);
        this[AfterArguments] = new(new LiteralBranches(
        [
            (last, ReplyNode.End),
            .. several ? Calls(Shape.AfterArguments + Shape.Separator + Shape.BeforeName) : [],
        ]));
    }

    protected IToolCallFormat Format { get; }

    protected ToolCallShape Shape { get; }

    /// <summary>Whether a call must come.</summary>
    protected bool MustCall { get; }

    /// <summary>Whether reasoning may come before a call that must come.</summary>
    protected bool MayReason { get; }

    protected bool HasTools => _tools.Count > 0;

    protected ReplyPlace this[int place]
    {
        set => _places[place] = value;
    }

    /// <summary>The outline with the arguments of the tools in it.</summary>
    public ReplyNode Build(IReadOnlyList<Node> arguments) => new()
    {
        Places = [.. _places.Select(place => place!)],
        Start = Start,
        AfterArguments = AfterArguments,
        Arguments = arguments,
        IsPossible = true,
    };

    /// <summary>Adds a place of the outline's own.</summary>
    protected int Add(ReplyPlace place)
    {
        _places.Add(place);
        return _places.Count - 1;
    }

    /// <summary>A text of the format, control tokens included.</summary>
    protected byte[] Bytes(string text) => ControlBytes.Encode(_tokenizer, text);

    /// <summary>A text that leads somewhere, in each way in which it can be written: as control tokens or as plain text.</summary>
    protected IEnumerable<(byte[] Text, int Target)> EitherWay(string text, int target) =>
        Bytes(text) is var coded && PlainOf(text, coded) is { } plain ? [(coded, target), (plain, target)] : [(coded, target)];

    /// <summary>The plain spelling of a text that has control tokens, or null.</summary>
    protected byte[]? PlainOf(string text) => PlainOf(text, Bytes(text));

    /// <summary>The calls of all tools, each from a text up to its arguments.</summary>
    protected IEnumerable<(byte[] Text, int Target)> Calls(string before) =>
        _tools.Select((tool, i) => (Bytes(before + tool.Name + Shape.BeforeArguments), ReplyNode.Tool(i)));

    private static byte[]? PlainOf(string text, byte[] coded) => Encoding.UTF8.GetBytes(text) is var plain && plain.AsSpan().SequenceEqual(coded) ? null : plain;
}
