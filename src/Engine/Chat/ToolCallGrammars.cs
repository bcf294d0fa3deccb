using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Grammar.Grounding;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>Masks that hold replies to the tools of a request. What was compiled is kept for the next request. Safe for concurrent use.</summary>
internal sealed class ToolCallGrammars(Tokenizer tokenizer, EngineChatClientOptions options, bool knowsReasoning)
{
    private const int MaxKept = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string, ChatToolMode, bool, bool), (ToolCallGrammar Grammar, IReadOnlyList<AITool> Tools)> _kept = [];

    /// <summary>A mask for one reply, or null where nothing holds it.</summary>
    /// <param name="format">How the model writes calls.</param>
    /// <param name="request">Tools, mode and budget.</param>
    /// <param name="startsInReasoning">Whether the prompt has opened a reasoning section.</param>
    /// <exception cref="GrammarException">A tool cannot be held to.</exception>
    public ITokenMask? Mask(IToolCallFormat format, ChatRequest request, bool startsInReasoning)
    {
        var generation = request.Generation;
        // A mask or constraint of the caller's own says what he wants instead.
        if (generation.TokenMask is not null || generation.Constraint is not null) return null;
        // There is no other way to require a call.
        var isHeld = request.ToolMode is RequiredChatToolMode || (options.ConstrainToolCalls && request.Setup.Tools.Count > 0);
        return isHeld || generation.ThinkingBudget is not null ? Grammar(format, request, isHeld).CreateMask(startsInReasoning, generation.ThinkingBudget) : null;
    }

    private ToolCallGrammar Grammar(IToolCallFormat format, ChatRequest request, bool isHeld)
    {
        var (mode, tools) = isHeld ? (request.ToolMode, request.Setup.Tools) : (ChatToolMode.Auto, []);
        var mayReason = knowsReasoning && !request.Setup.ForbidsReasoning;
        var key = (tools.Count > 0 ? request.Setup.Key : "", mode, request.OneCall, mayReason);
        lock (_lock)
        {
            // Equal tools of another repository know other files.
            if (_kept.TryGetValue(key, out var known) && (!known.Grammar.IsGrounded || known.Tools.SequenceEqual(tools))) return known.Grammar;
        }
        var grammar = ToolCallGrammar.Compile(format, tools, tokenizer, new()
        {
            Mode = mode,
            AllowMultipleCalls = !request.OneCall,
            MayReason = mayReason,
            Grounding = options.GroundArguments ? ToolGrounding.Of(tools) : null,
            LoosenUnsupportedSchemas = options.LoosenUnsupportedSchemas,
        });
        // The vocabulary is made ready while the prompt is computed.
        _ = Task.Run(() => TokenGrammar.Prepare(tokenizer));
        lock (_lock)
        {
            if (_kept.Count >= MaxKept) _kept.Clear();
            _kept[key] = (grammar, [.. tools]);
        }
        return grammar;
    }
}
