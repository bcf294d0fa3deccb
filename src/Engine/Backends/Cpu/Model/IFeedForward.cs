namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>The second half of a layer, after its norm: adds its result to the residual stream.</summary>
internal interface IFeedForward
{
    /// <summary>Runs on all threads together, with barriers inside. The normed rows are ready; the caller puts a barrier after it.</summary>
    void Run(CpuLayer layer, int tokens, int thread);
}
