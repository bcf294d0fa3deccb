namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>The scaled sums of inputs that a matrix needs: weights with a minimum take it away from them.</summary>
internal enum TileSums
{
    None,
    Blocks,
    Halves,
}
