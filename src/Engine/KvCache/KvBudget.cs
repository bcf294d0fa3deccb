using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.KvCache;

/// <summary>How long a context may be and how many KV blocks to hold.</summary>
/// <param name="ContextLength">Most tokens in a session.</param>
/// <param name="Blocks">KV blocks for all sessions.</param>
internal readonly record struct KvBudget(int ContextLength, int Blocks)
{
    private const int MinimumContext = 512;
    private const int DefaultContexts = 4;
    private const int PreferredContext = 8192;

    /// <summary>Divides the memory. A context that was asked for must fit; the default context shrinks to what fits.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Checked options.</param>
    /// <param name="blockBytes">Size of a KV block in bytes.</param>
    /// <param name="fitting">KV blocks that there is room for.</param>
    /// <exception cref="EngineException">The context that was asked for is longer than the model's, or does not fit into the limit.</exception>
    public static KvBudget Plan(ModelConfig model, EngineOptions options, long blockBytes, long fitting)
    {
        var context = Context(model, options);
        if (fitting < BlocksFor(context))
        {
            var wanted = options.ContextLength is null ? Math.Min(MinimumContext, context) : context;
            // Without a limit of the caller's, a context that was asked for is tried even when memory is short.
            if (options.MemoryLimit is null && options.ContextLength is not null) return new(context, BlocksFor(context));
            if (fitting < BlocksFor(wanted))
                throw new EngineException(
                    $"A context of {wanted} tokens needs {Megabytes(BlocksFor(wanted) * blockBytes)} MB of KV cache, but " +
                    (options.MemoryLimit is { } limit ? $"the memory limit is {Megabytes(limit)} MB; raise the limit," : $"{Megabytes(fitting * blockBytes)} MB are free for it; free some memory,") +
                    " shorten the context or store keys and values as Q8_0.");
            return new((int)(fitting - 1) * Backends.RunnerOptions.BlockTokens, (int)fitting);
        }
        return new(context, (int)Math.Min(fitting, options.MemoryLimit is null ? DefaultContexts * (long)BlocksFor(context) : int.MaxValue));
    }

    /// <summary>KV blocks to keep in host memory beside those of a device.</summary>
    /// <param name="context">Most tokens in a session.</param>
    /// <param name="options">Checked options.</param>
    /// <param name="blockBytes">Size of a KV block in bytes.</param>
    /// <param name="hostMemory">Bytes to take at most when the options set no limit.</param>
    public static int HostBlocks(int context, EngineOptions options, long blockBytes, long hostMemory) => options.HostMemoryLimit is { } limit
        ? (int)Math.Min(limit / blockBytes, int.MaxValue)
        : (int)Math.Clamp(hostMemory / blockBytes, 0, DefaultContexts * (long)BlocksFor(context));

    /// <summary>The context length that the options ask for.</summary>
    /// <exception cref="EngineException">It is longer than the model's.</exception>
    public static int Context(ModelConfig model, EngineOptions options)
    {
        var context = options.ContextLength ?? Math.Min(model.ContextLength, EngineOptions.DefaultContextLength);
        return context <= model.ContextLength
            ? context
            : throw new EngineException($"The context of {context} tokens is longer than the model's {model.ContextLength}; choose a shorter one.");
    }

    /// <summary>The context that must fit: before the default one shrinks further, layers leave the GPU.</summary>
    /// <exception cref="EngineException">It is longer than the model's.</exception>
    public static int Needed(ModelConfig model, EngineOptions options) => options.ContextLength is null ? Math.Min(Context(model, options), PreferredContext) : Context(model, options);

    /// <summary>Blocks for one context: its tokens and one to copy into when a shared block is written.</summary>
    public static int BlocksFor(int context) => KvCacheManager.BlocksFor(context) + 1;

    private static long Megabytes(long bytes) => (bytes + (1 << 20) - 1) >> 20;
}
