using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Grammar.Grounding;
using AgentRuntime.Engine.Grammar.Matching;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>
/// Holds replies to a family's calls of the tools on offer: free text until an opening mark, then a tool's name and
/// arguments that satisfy its schema, further calls where they are allowed, and the end. Immutable and safe for
/// concurrent use; compiled once for a conversation, it keeps the masks that replies have in common.
/// </summary>
/// <remarks>
/// Objects of arguments are closed: parameters that a schema with <c>properties</c> does not name cannot be written,
/// unless it says <c>additionalProperties</c> or combines schemas.
/// </remarks>
public sealed class ToolCallGrammar
{
    private readonly TokenGrammar _grammar;
    private readonly ReplyNode _reply;
    private readonly int _reasoning;

    private readonly GroundedGrammar? _grounded;

    private ToolCallGrammar(Tokenizer tokenizer, ReplyNode reply, int reasoning, ToolGrounding? grounding)
    {
        (_reply, _reasoning) = (reply, reasoning);
        _grammar = new(tokenizer, reply);
        _grounded = grounding is null ? null : new(_grammar, grounding);
    }

    internal bool IsGrounded => _grounded is not null;

    /// <summary>Compiles the grammar of replies.</summary>
    /// <param name="format">How the model writes calls.</param>
    /// <param name="tools">The tools on offer; those that are no functions are left out.</param>
    /// <param name="tokenizer">The model's vocabulary.</param>
    /// <param name="options">What is demanded; null for calls that may come.</param>
    /// <exception cref="GrammarException">A schema is broken or needs what is not supported, a name cannot be written in the format, or a call is required and there is no such tool.</exception>
    public static ToolCallGrammar Compile(IToolCallFormat format, IEnumerable<AITool> tools, Tokenizer tokenizer, ToolCallGrammarOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(tools);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new();
        var offered = Offered([.. tools.OfType<AIFunctionDeclaration>()], options.Mode);
        var arguments = new ToolArguments(format, tokenizer, options);
        var nodes = offered.ConvertAll(arguments.Compile);
        ReplyOutline outline = ReferenceEquals(format, HarmonyFormat.Instance) ? new HarmonyOutline(format, tokenizer, offered, options) : new MarkedOutline(format, tokenizer, offered, options);
        return new(tokenizer, outline.Build(nodes), ReplyOutline.Reasoning, options.Grounding);
    }

    /// <summary>A mask for one reply, before its first token.</summary>
    /// <param name="startsInReasoning">Whether the prompt has opened a reasoning section.</param>
    /// <param name="thinkingBudget">Most tokens of reasoning, 0 or more: after them the closing mark is all that may come. Null for no limit.</param>
    public ITokenMask CreateMask(bool startsInReasoning = false, int? thinkingBudget = null)
    {
        if (thinkingBudget is { } wanted) OptionCheck.Require(wanted >= 0, nameof(thinkingBudget), "at least 0", wanted);
        var start = startsInReasoning ? _grammar.At(space => _reply.At(_reasoning, space)) : _grammar.Start;
        var mask = new GrammarMask(_grammar, start, thinkingBudget is { } tokens ? new ThinkingBudget(_reply, tokens) : null);
        return _grounded is null ? mask : new GroundedMask(_grounded, mask);
    }

    private static List<AIFunctionDeclaration> Offered(List<AIFunctionDeclaration> tools, ChatToolMode mode)
    {
        if (mode is NoneChatToolMode) return [];
        if (tools.GroupBy(tool => tool.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new GrammarException($"Two tools are named {twice.Key}; give each its own name.");
        if (mode is RequiredChatToolMode { RequiredFunctionName: { } name })
        {
            tools = tools.FindAll(tool => tool.Name == name);
            if (tools.Count == 0) throw new GrammarException($"A call of {name} is required, but there is no tool of that name; offer it.");
        }
        if (mode is RequiredChatToolMode && tools.Count == 0) throw new GrammarException("A call is required, but there is no tool; offer one.");
        return tools;
    }
}
