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
    /// <param name="after">Text up to which the reply is free, such as the end of a reasoning section; null when the schema holds from the start.</param>
    /// <exception cref="GrammarException">The schema cannot be held to.</exception>
    public ITokenMask Mask(string schema, string? after)
    {
        var mask = Grammar(schema).CreateMask();
        return after is null ? mask : new AfterMarkMask(tokenizer, after, mask);
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
