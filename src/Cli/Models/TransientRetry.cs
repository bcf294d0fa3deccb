using Polly;
using Polly.Retry;

namespace AgentRuntime.Cli.Models;

/// <summary>Tries again after failures that may pass, with a wait that doubles, and says so.</summary>
internal static class TransientRetry
{
    public static ResiliencePipeline Create(DownloadOptions options, IDownloadObserver observer) => new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<TransientDownloadException>(),
            MaxRetryAttempts = options.Retries,
            Delay = options.RetryDelay,
            MaxDelay = options.MaxRetryDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            // Null lets the strategy choose.
            DelayGenerator = args => ValueTask.FromResult((args.Outcome.Exception as TransientDownloadException)?.RetryAfter is { } asked && asked >= TimeSpan.Zero
                ? asked < options.MaxRetryDelay ? asked : options.MaxRetryDelay
                : (TimeSpan?)null),
            OnRetry = args =>
            {
                observer.Note($"{args.Outcome.Exception!.Message} Trying again in {args.RetryDelay.TotalSeconds:0.#} s.");
                return ValueTask.CompletedTask;
            },
        })
        .Build();
}
