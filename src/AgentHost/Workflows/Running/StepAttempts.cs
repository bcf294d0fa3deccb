using AgentRuntime.AgentHost.Workflows.Events;
using AgentRuntime.AgentHost.Workflows.Model;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>Runs a step's attempts under its <c>retry</c> and <c>timeout</c>.</summary>
internal sealed class StepAttempts(RunScope run, StepInstance instance)
{
    /// <summary>Runs attempts until one succeeds or none is left.</summary>
    /// <exception cref="TimeoutRejectedException">The last one took too long.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        var step = instance.Step;
        var builder = new ResiliencePipelineBuilder<T> { TimeProvider = run.Host.Time };
        if (step.Retry is { } retry)
        {
            builder.AddRetry(new RetryStrategyOptions<T>
            {
                ShouldHandle = args => new(args.Outcome.Exception is { } e && Handles(retry, e)),
                MaxRetryAttempts = retry.Max,
                Delay = retry.Backoff,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = retry.Jitter,
                OnRetry = args =>
                {
                    run.Emit(new WorkflowStepRetrying(
                        run.Run, instance.Path, args.AttemptNumber + 1, args.RetryDelay.TotalMilliseconds, StepRunner.Sentence(run, args.Outcome.Exception!, step)));
                    return default;
                },
            });
        }
        if (step.Timeout is { } timeout) builder.AddTimeout(new TimeoutStrategyOptions { Timeout = timeout });
        return await builder.Build().ExecuteAsync(async token => await attempt(token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    private static bool Handles(RetryPolicy retry, Exception e) =>
        e is TimeoutRejectedException ? retry.On.Contains(RetryCondition.Timeout) : retry.On.Contains(RetryCondition.Error) && StepRunner.IsFailure(e);
}
