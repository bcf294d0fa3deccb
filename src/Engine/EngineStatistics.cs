namespace AgentRuntime.Engine;

/// <summary>What an engine holds and has done.</summary>
/// <param name="KvBlocks">KV blocks in all, of <see cref="Backends.RunnerOptions.BlockTokens"/> tokens each.</param>
/// <param name="KvBlocksFree">Blocks that hold nothing.</param>
/// <param name="KvBlocksCached">Blocks that ended sessions left, kept until their space is needed.</param>
/// <param name="Running">Requests being computed.</param>
/// <param name="Waiting">Requests waiting.</param>
/// <param name="ComputedTokens">Tokens that went through the model since it was loaded.</param>
/// <param name="KvHostBlocks">KV blocks that host memory has room for beside those of a device; 0 where there is no device.</param>
/// <param name="KvHostBlocksUsed">Blocks that ended sessions left and that moved there, until a session with the same beginning brings them back.</param>
public sealed record EngineStatistics(
    int KvBlocks, int KvBlocksFree, int KvBlocksCached, int Running, int Waiting, long ComputedTokens, int KvHostBlocks = 0, int KvHostBlocksUsed = 0);
