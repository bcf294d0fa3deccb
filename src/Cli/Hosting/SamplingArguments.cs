using System.CommandLine;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The options that say how to sample.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<int> _maxTokens = new("--max-tokens") { HelpName = "N", Description = "Most tokens to generate.", DefaultValueFactory = _ => 256 };
    private readonly Option<float> _temperature = new("--temperature") { HelpName = "T", Description = "0 for the likeliest token each time." };
    private readonly Option<int> _topK = new("--top-k") { HelpName = "K", Description = "Only the K likeliest tokens; 0 for all." };
    private readonly Option<float> _topP = new("--top-p") { HelpName = "P", Description = "Only the likeliest tokens that reach P together.", DefaultValueFactory = _ => 1 };
    private readonly Option<float> _minP = new("--min-p") { HelpName = "P", Description = "Only tokens at least P times as likely as the likeliest." };
    private readonly Option<float> _penalty = new("--repetition-penalty") { HelpName = "R", Description = "Above 1 makes recent tokens less likely.", DefaultValueFactory = _ => 1 };
    private readonly Option<ulong?> _seed = new("--seed") { HelpName = "S", Description = "The same seed gives the same text." };
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "Goes on past the end of the reply." };
    private readonly Option<string[]> _stop = new("--stop") { HelpName = "TEXT", Description = "Ends the reply before this text; may be given several times." };

    public SamplingArguments(Command command)
    {
        foreach (var option in new Option[] { _maxTokens, _temperature, _topK, _topP, _minP, _penalty, _seed, _ignoreEos, _stop }) command.Options.Add(option);
    }

    /// <exception cref="UsageException">A value is out of range.</exception>
    public GenerationOptions Options(ParseResult result)
    {
        Check(result, _maxTokens, v => v >= 1, "1 or more");
        Check(result, _temperature, v => v is >= 0 and <= 100, "0 to 100");
        Check(result, _topK, v => v >= 0, "0 or more");
        Check(result, _topP, v => v is > 0 and <= 1, "above 0, at most 1");
        Check(result, _minP, v => v is >= 0 and <= 1, "0 to 1");
        Check(result, _penalty, v => v is > 0 and <= 100, "above 0, at most 100");
        return new()
        {
            MaxTokens = result.GetValue(_maxTokens),
            Temperature = result.GetValue(_temperature),
            TopK = result.GetValue(_topK),
            TopP = result.GetValue(_topP),
            MinP = result.GetValue(_minP),
            RepetitionPenalty = result.GetValue(_penalty),
            Seed = result.GetValue(_seed),
            IgnoreEos = result.GetValue(_ignoreEos),
            StopSequences = result.GetValue(_stop) ?? [],
        };
    }

    private static void Check<T>(ParseResult result, Option<T> option, Func<T, bool> valid, string range)
    {
        var value = result.GetValue(option)!;
        if (!valid(value)) throw new UsageException($"{option.Name} {value} is out of range; use {range}.");
    }
}
