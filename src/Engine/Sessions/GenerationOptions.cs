using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Sessions;

/// <summary>How to generate.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to generate; at least 1.</summary>
    public int MaxTokens { get; init; } = 1024;

    /// <summary>0 for greedy; otherwise logits are divided by it. At least 0.</summary>
    public float Temperature { get; init; }

    /// <summary>Only the k likeliest tokens; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the likeliest tokens whose probabilities reach p together; above 0, 1 for all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Only tokens at least this share as likely as the likeliest; 0 to 1, 0 for all.</summary>
    public float MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of recent tokens (Keskar et al. 2019); above 0, 1 for none.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>How many recent tokens the penalty looks at.</summary>
    public int RepetitionWindow { get; init; } = 64;

    /// <summary>Seed of the sampler: the same seed, options and context give the same text. Null for a random one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Whether to go on past end-of-reply tokens.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Texts that end the reply; they are not part of it.</summary>
    public IReadOnlyList<string> StopSequences { get; init; } = [];

    /// <summary>Whether events carry log-probabilities.</summary>
    public bool LogProbabilities { get; init; }

    /// <summary>How many of the likeliest tokens events tell the log-probabilities of, 0 to 20; above 0 only together with <see cref="LogProbabilities"/>.</summary>
    public int TopLogProbabilities { get; init; }

    /// <summary>Receives how far the prompt is: once when the engine has the request, and after each pass. Called on the engine thread, so it must be quick.</summary>
    public IProgress<PrefillProgress>? PrefillProgress { get; init; }

    /// <summary>What the caller does, for telemetry: <c>gen_ai.operation.name</c>.</summary>
    public string Operation { get; init; } = "text_completion";

    /// <summary>Restricts which tokens may come next; null allows all. An instance serves one generation.</summary>
    public ITokenMask? TokenMask { get; init; }

    /// <summary>
    /// Most tokens of a reasoning section, after which its end is written; 0 for no reasoning, null for no limit. For
    /// conversations: a session knows of no sections and does not look at it.
    /// </summary>
    public int? ThinkingBudget { get; init; }

    /// <summary>What the text must be; compiled when the generation starts. Not together with <see cref="TokenMask"/>.</summary>
    public Constraint? Constraint { get; init; }

    /// <summary>Whether text that mask or constraint leave no choice about is appended at once, in one pass, instead of token by token.</summary>
    public bool JumpForward { get; init; } = true;

    /// <summary>In words for the model, why a generation that ended so has left its last call incomplete; null when it has not.</summary>
    /// <param name="reason">Why it ended.</param>
    public string? CutOff(FinishReason reason) =>
        TokenMask?.DeadEnd ?? (reason == FinishReason.Length ? $"the call was cut off, because the reply was longer than {MaxTokens} tokens or the context is full; make a shorter one" : null);

    /// <summary>Checks that every value is in its range.</summary>
    /// <exception cref="EngineException">One is not; the message names it.</exception>
    public void Validate()
    {
        OptionCheck.Require(MaxTokens >= 1, nameof(MaxTokens), "at least 1", MaxTokens);
        OptionCheck.Require(float.IsFinite(Temperature) && Temperature >= 0, nameof(Temperature), "at least 0", Temperature);
        OptionCheck.Require(TopK >= 0, nameof(TopK), "at least 0", TopK);
        OptionCheck.Require(TopP > 0, nameof(TopP), "above 0", TopP);
        OptionCheck.Require(MinP is >= 0 and <= 1, nameof(MinP), "between 0 and 1", MinP);
        OptionCheck.Require(float.IsFinite(RepetitionPenalty) && RepetitionPenalty > 0, nameof(RepetitionPenalty), "above 0", RepetitionPenalty);
        OptionCheck.Require(RepetitionWindow >= 0, nameof(RepetitionWindow), "at least 0", RepetitionWindow);
        OptionCheck.Require(TopLogProbabilities >= 0 && TopLogProbabilities <= (LogProbabilities ? 20 : 0), nameof(TopLogProbabilities), "0 to 20, and 0 without log-probabilities", TopLogProbabilities);
        OptionCheck.Require(ThinkingBudget is null or >= 0, nameof(ThinkingBudget), "at least 0", ThinkingBudget ?? 0);
        if (Constraint is not null && TokenMask is not null) throw new EngineException("Give either a constraint or a token mask, not both.");
        if (StopSequences.Any(string.IsNullOrEmpty)) throw new EngineException("A stop sequence must not be empty.");
    }
}
