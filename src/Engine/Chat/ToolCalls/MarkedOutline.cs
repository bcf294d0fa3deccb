using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Replies of most families, as <see cref="MarkedCallParser"/> reads them: a <c>&lt;think&gt;</c> section, text, an opening mark and calls.</summary>
internal sealed class MarkedOutline : ReplyOutline
{
    private readonly bool _mayCall;

    public MarkedOutline(IToolCallFormat format, Tokenizer tokenizer, IReadOnlyList<AIFunctionDeclaration> tools, ToolCallGrammarOptions options)
        : base(format, tokenizer, tools, options)
    {
        _mayCall = options.Mode is not NoneChatToolMode;
        var calls = Shape.Open + Shape.BeforeName;
        this[Reasoning] = new(new FreeTextAutomaton([.. EitherWay(MarkedCallParser.ThinkEnd, MustCall ? AfterReasoning : Start)], [], []), !MustCall) { Close = CloseReasoning };
        this[CloseReasoning] = new(new LiteralBranches([(Bytes("\n" + MarkedCallParser.ThinkEnd), MustCall ? AfterReasoning : Start)]));
        this[AfterReasoning] = new(new LiteralBranches([.. Calls("\n\n" + calls), .. Calls("\n" + calls), .. Calls(calls)]));
        this[Start] = MustCall
            ? new(new LiteralBranches([.. Calls(calls), .. MayReason ? [(Bytes(MarkedCallParser.ThinkStart), Reasoning)] : Array.Empty<(byte[], int)>()]))
            : new(Text(calls), MayEnd: true);
    }

    // A call object without a mark is one only at the start.
    private static bool IsBare(string opening) => opening[0] == '{';

    private FreeTextAutomaton Text(string calls)
    {
        List<(byte[], int)> marks = [], first = [.. EitherWay(MarkedCallParser.ThinkStart, Reasoning)];
        List<byte[]> forbidden = [];
        // Without tools there is nothing to hold a call to.
        if (_mayCall && !HasTools) return new([], first, []);
        foreach (var opening in Format.Openings)
        {
            var rest = calls.StartsWith(opening, StringComparison.Ordinal) ? calls[opening.Length..] : calls;
            if (HasTools) (IsBare(opening) ? first : marks).Add((Bytes(opening), Add(new(new LiteralBranches(Calls(rest))))));
            else Forbid(opening, first, forbidden);
            if (PlainOf(opening) is { } plain) forbidden.Add(plain);
        }
        foreach (var opening in Shape.LooseOpenings)
        {
            Forbid(opening, first, forbidden);
            if (PlainOf(opening) is { } plain) forbidden.Add(plain);
        }
        return new(marks, first, forbidden);
    }

    private void Forbid(string opening, List<(byte[], int)> first, List<byte[]> forbidden)
    {
        if (IsBare(opening)) first.Add((Bytes(opening), FreeTextAutomaton.Nowhere));
        else forbidden.Add(Bytes(opening));
    }
}
