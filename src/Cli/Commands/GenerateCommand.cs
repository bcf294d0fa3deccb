using System.CommandLine;
using System.Globalization;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt generate</c>: one completion, streamed.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var prompt = new Option<string?>("--prompt") { HelpName = "TEXT", Description = "The text to continue; control tokens in it are recognised." };
        var file = new Option<string?>("--prompt-file") { HelpName = "FILE", Description = "The text to continue, from a file." };
        var tokens = new Option<string?>("--tokens") { HelpName = "1,2,3", Description = "The token ids to continue." };
        var json = new Option<bool>("--json") { Description = "One JSON document at the end." };
        var command = new Command("generate", "Continues a text. Example: agentrt generate --prompt \"Once upon a time\" --max-tokens 50") { prompt, file, tokens };
        var engineArguments = new EngineArguments(command);
        var sampling = new SamplingArguments(command);
        var constraint = new ConstraintArguments(command);
        command.Options.Add(json);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = sampling.Options(result) with { Constraint = await constraint.ConstraintAsync(result, cancellationToken).ConfigureAwait(false) };
            var given = new[] { result.GetValue(prompt), result.GetValue(file), result.GetValue(tokens) }.Count(v => v is not null);
            if (given != 1) throw new UsageException("Give exactly one of --prompt, --prompt-file and --tokens.");
            var text = result.GetValue(prompt) ?? (result.GetValue(file) is { } path ? await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false) : null);
            var ids = text is null ? ParseTokens(result.GetValue(tokens)!) : null;

            await using var engine = await engineArguments.LoadAsync(result, cancellationToken).ConfigureAwait(false);
            return await GenerateAsync(result, engine, ids ?? Encode(engine, text!), options, result.GetValue(json), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> GenerateAsync(
        ParseResult result, InferenceEngine engine, int[] prompt, GenerationOptions options, bool json, CancellationToken cancellationToken)
    {
        if (prompt.Length == 0) throw new UsageException("The prompt is empty; give at least one token.");
        var output = result.InvocationConfiguration.Output;
        List<int> generated = [];
        var text = new System.Text.StringBuilder();
        using var session = engine.CreateSession();
        session.Append(prompt);
        await foreach (var e in session.GenerateAsync(options, cancellationToken).ConfigureAwait(false))
        {
            if (e.Token is { } token) generated.Add(token);
            text.Append(e.Text);
            if (!json)
            {
                await output.WriteAsync(e.Text).ConfigureAwait(false);
                await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            }
            if (e.Usage is not { } usage) continue;
            cancellationToken.ThrowIfCancellationRequested();
            var speed = usage.DecodeTime > TimeSpan.Zero ? (usage.OutputTokens - 1) / usage.DecodeTime.TotalSeconds : 0;
            if (json)
            {
                JsonLines.Write(output, new
                {
                    Text = text.ToString(),
                    Tokens = generated,
                    usage.PromptTokens,
                    usage.CachedTokens,
                    TtftMs = Ms(usage.TimeToFirstToken),
                    PrefillMs = Ms(usage.PrefillTime),
                    DecodeMs = Ms(usage.DecodeTime),
                    TokensPerSecond = Math.Round(speed, 2),
                    usage.ForcedTokens,
                    FinishReason = e.FinishReason!.Value.ToString().ToLowerInvariant(),
                });
                continue;
            }
            await output.WriteLineAsync().ConfigureAwait(false);
            await result.InvocationConfiguration.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{usage.PromptTokens} prompt tokens, {usage.OutputTokens} generated{(usage.ForcedTokens > 0 ? $" ({usage.ForcedTokens} forced)" : "")}, first token after {Durations.Text(Ms(usage.TimeToFirstToken))}, {speed:0.0} tokens/s")).ConfigureAwait(false);
        }
        return ExitCode.Success;
    }

    private static int[] Encode(InferenceEngine engine, string text)
    {
        var ids = engine.Tokenizer.Encode(text, parseSpecial: true);
        return engine.Tokenizer.AddsBos && engine.Tokenizer.Vocabulary.BosToken is { } bos && (ids.Length == 0 || ids[0] != bos) ? [bos, .. ids] : ids;
    }

    private static int[] ParseTokens(string text) => [.. text.Split(',').Select(part =>
        int.TryParse(part, NumberStyles.None | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var id)
            ? id : throw new UsageException($"--tokens: '{part}' is not a token id."))];

    private static double Ms(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}
