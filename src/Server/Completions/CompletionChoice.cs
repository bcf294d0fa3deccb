using System.Text;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Server.Diagnostics;
using AgentRuntime.Server.Wire;

namespace AgentRuntime.Server.Completions;

/// <summary>One continuation while it comes.</summary>
internal sealed class CompletionChoice(int index, InferenceEngine engine, CompletionPrompt prompt, GenerationClock clock, bool logprobs)
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _tokens = [];
    private readonly List<float> _logprobs = [];
    private readonly List<int> _offsets = [];
    private readonly List<IReadOnlyDictionary<string, float>> _top = [];
    private TimeSpan _age;
    private int _sent;

    public Usage? Usage { get; private set; }

    public string? FinishReason { get; private set; }

    /// <summary>All of it.</summary>
    public TextCompletion.Choice Whole => new(index, _text.ToString(), Logprobs(0), FinishReason);

    /// <summary>Takes an event and returns what a client of a stream gets for it, if anything.</summary>
    public TextCompletion.Choice? Push(TokenEvent e)
    {
        if (e.Token is { } token)
        {
            _tokens.Add(token);
            _offsets.Add(_text.Length);
            if (e.LogProbability is { } logprob) _logprobs.Add(logprob);
            if (e.TopLogProbabilities is { } top) _top.Add(Named(top));
        }
        _age = e.Time;
        _text.Append(e.Text);
        if (e.FinishReason is { } reason)
        {
            FinishReason = reason == Engine.Sessions.FinishReason.Length ? "length" : "stop";
            Usage = e.Usage;
            prompt.Remember(engine, _tokens, _text.ToString());
        }
        // Log-probabilities of tokens whose text is not certain yet come with that text.
        if (e.Text.Length == 0 && FinishReason is null) return null;
        var piece = new TextCompletion.Choice(index, e.Text, Logprobs(_sent), FinishReason);
        _sent = _tokens.Count;
        return piece;
    }

    /// <summary>The prompt that it continues.</summary>
    public CompletionPrompt Prompt => prompt;

    /// <summary>Follows the generation.</summary>
    public GenerationClock Clock => clock;

    /// <summary>Notes that the last event has been written.</summary>
    public void Delivered(long stalledUntil) => clock.Delivered(_age, stalledUntil);

    // Different tokens may have the same text; the likelier one counts.
    private Dictionary<string, float> Named(IReadOnlyList<TokenProbability> top)
    {
        Dictionary<string, float> named = [];
        foreach (var (token, logprob) in top) named.TryAdd(engine.Tokenizer.Decode([token], special: true), logprob);
        return named;
    }

    private TextCompletion.LogprobList? Logprobs(int from) => logprobs
        ? new([.. _tokens.Skip(from).Select(t => engine.Tokenizer.Decode([t], special: true))], [.. _logprobs.Skip(from)], _top.Count > 0 ? [.. _top.Skip(from)] : null, [.. _offsets.Skip(from)])
        : null;
}
