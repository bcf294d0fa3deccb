using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Diagnostics;

/// <summary>Replays the shape of an agent's steps through one resident session: random tokens in, so many tokens out.</summary>
public sealed class StepBenchmark
{
    private readonly InferenceEngine _engine;
    private readonly TimeProvider _time;
    private readonly Random _random = new(1);

    /// <summary>Prepares a replay on an engine.</summary>
    public StepBenchmark(InferenceEngine engine, TimeProvider? time = null)
    {
        _engine = engine;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Runs the steps and gives each row when it is ready.</summary>
    /// <param name="steps">For each step the tokens that are appended and the tokens that are generated, both at least 1.</param>
    /// <param name="cancellationToken">Ends the replay.</param>
    /// <exception cref="ContextOverflowException">The steps need more context than the engine has.</exception>
    public async IAsyncEnumerable<StepBenchmarkRow> RunAsync(
        IEnumerable<(int Append, int Generate)> steps, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var session = _engine.CreateSession();
        var step = 0;
        foreach (var (append, generate) in steps)
        {
            session.Append(Enumerable.Range(0, append).Select(_ => _random.Next(_engine.Model.VocabularySize)).ToArray());
            var start = _time.GetTimestamp();
            Usage? usage = null;
            await foreach (var e in session.GenerateAsync(new() { MaxTokens = generate, IgnoreEos = true }, cancellationToken).ConfigureAwait(false))
                usage = e.Usage;
            cancellationToken.ThrowIfCancellationRequested();
            yield return new(
                ++step, session.Length, usage!.CachedTokens, usage.NewTokens, usage.OutputTokens, usage.TimeToFirstToken.TotalMilliseconds,
                usage.PrefillTime.TotalMilliseconds, usage.DecodeTime.TotalMilliseconds, _time.GetElapsedTime(start).TotalMilliseconds);
        }
    }
}
