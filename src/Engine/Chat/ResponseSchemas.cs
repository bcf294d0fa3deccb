using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Chat;

/// <summary>Masks that hold replies to JSON schemas. What was compiled is kept for the next request. Safe for concurrent use.</summary>
internal sealed class ResponseSchemas(Tokenizer tokenizer)
{
    private const int MaxKept = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, TokenGrammar> _kept = new(StringComparer.Ordinal);

    /// <summary>A mask for one reply.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="format">How the model writes its replies.</param>
    /// <param name="startsInReasoning">Whether the prompt has opened a reasoning section, which comes first.</param>
    /// <param name="thinkingBudget">Most tokens of that section, or null.</param>
    /// <param name="calls">What holds calls, where the reply may be calls instead; null where it may not.</param>
    /// <exception cref="GrammarException">The schema cannot be held to.</exception>
    /// <exception cref="EngineException">In this model's format the demands do not go together.</exception>
    public ITokenMask Mask(string schema, IToolCallFormat format, bool startsInReasoning, int? thinkingBudget, ITokenMask? calls)
    {
        var mask = Grammar(schema).CreateMask();
        var isHarmony = format == HarmonyFormat.Instance;
        if (isHarmony && thinkingBudget is not null) throw new EngineException("ChatOptions.ResponseFormat cannot be JSON beside a thinking budget with this model.");
        if (isHarmony) mask = new AfterMarkMask(tokenizer, HarmonyParser.FinalMessage, mask);
        else if (startsInReasoning) mask = new AfterMarkMask(tokenizer, MarkedCallParser.ThinkEnd, mask, thinkingBudget);
        if (calls is null) return mask;
        if (isHarmony || format.Openings.Any(opening => opening[0] == '{'))
            throw new EngineException("ChatOptions.ResponseFormat cannot be JSON while tools may be called, for this model's calls cannot be told from it; set ToolMode to none for the last reply.");
        return new AnyOfMask(tokenizer, mask, calls);
    }

    private TokenGrammar Grammar(string schema)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(schema, out var known)) return known;
        }
        TokenGrammar grammar;
        try
        {
            grammar = TokenGrammar.Compile(Constraint.JsonSchema(schema), tokenizer);
        }
        catch (GrammarException e)
        {
            throw new GrammarException($"ChatOptions.ResponseFormat: the reply cannot be held to the schema. {e.Message}");
        }
        lock (_lock)
        {
            if (_kept.Count >= MaxKept) _kept.Clear();
            _kept[schema] = grammar;
        }
        return grammar;
    }
}
