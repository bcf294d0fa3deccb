using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Replies in the harmony format: messages whose headers say their channel, and a call as a message to a function.</summary>
internal sealed class HarmonyOutline : ReplyOutline
{
    private const string Channel = "<|channel|>", Message = "<|message|>", MessageEnd = "<|end|>", MessageStart = "<|start|>", Call = "<|call|>", Return = "<|return|>";

    public HarmonyOutline(IToolCallFormat format, Tokenizer tokenizer, IReadOnlyList<AIFunctionDeclaration> tools, ToolCallGrammarOptions options)
        : base(format, tokenizer, tools, options)
    {
        const string next = MessageStart + "assistant";
        var analysis = Channel + "analysis" + Message;
        this[Reasoning] = new(new FreeTextAutomaton([.. EitherWay(MessageEnd, AfterReasoning)], [], Forbidden(MessageStart, Channel, Message, Call, Return)), !MustCall) { Close = CloseReasoning };
        this[CloseReasoning] = new(new LiteralBranches([(Bytes(MessageEnd), AfterReasoning)]));
        if (MustCall)
        {
            this[Start] = new(new LiteralBranches([.. Calls(Shape.BeforeName), (Bytes(analysis), Reasoning)]));
            this[AfterReasoning] = new(new LiteralBranches(Calls(next + Shape.BeforeName)));
            return;
        }
        var header = Add(new(new LiteralBranches(
        [
            (Bytes("analysis" + Message), Reasoning),
            (Bytes("commentary" + Message), Start),
            (Bytes("final" + Message), Start),
            .. Calls(Shape.BeforeName[Channel.Length..]),
        ])));
        var role = Add(new(new LiteralBranches([(Bytes("assistant" + Channel), header)])));
        var end = Add(new(new LiteralBranches([(Bytes(next + Channel), header)]), MayEnd: true));
        this[AfterReasoning] = new(new LiteralBranches([(Bytes(next + Channel), header)]));
        this[Start] = new(
            new FreeTextAutomaton(
                [.. EitherWay(Channel, header), .. EitherWay(MessageStart, role), .. EitherWay(MessageEnd, end)],
                [(Bytes("to="), FreeTextAutomaton.Nowhere)],
                Forbidden(Message, Call, Return)),
            MayEnd: true);
    }

    // Tokens that end a reply are never in a text; what only looks like them must not be either.
    private IReadOnlyList<byte[]> Forbidden(params string[] marks) => [.. marks.SelectMany(mark => EitherWay(mark, 0)).Select(mark => mark.Text)];
}
