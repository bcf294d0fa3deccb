using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Threading;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>SwiGLU: down · (silu(gate · x) ∘ (up · x)).</summary>
internal sealed unsafe class DenseFeedForward(ModelConfig config, Workspace workspace, FloatKernels kernels, ComputePool pool, PassClock clock) : IFeedForward
{
    public void Run(CpuLayer layer, int tokens, int thread)
    {
        WeightMatrix gate = layer.Gate[0], up = layer.Up[0], down = layer.Down[0];
        var width = config.FeedForwardLength;
        var scratch = workspace.Scratch[thread];
        var input = workspace.Normed;
        gate.Multiply(new(input, workspace.Identity, tokens, workspace.Gate.Row(0), workspace.Gate.Stride), thread, pool.Threads, scratch);
        up.Multiply(new(input, workspace.Identity, tokens, workspace.Up, width), thread, pool.Threads, scratch);
        pool.Barrier();
        clock.Mark(PassPart.GateAndUp, thread);
        var (start, end) = WorkShare.Of(tokens, thread, pool.Threads);
        for (var t = start; t < end; t++)
        {
            kernels.SwiGlu(workspace.Gate.Row(t), workspace.Up + (nint)t * width, width);
            if (down.ReadsQuantized) workspace.Gate.Quantize(t, width);
        }
        pool.Barrier();
        clock.Mark(PassPart.Activation, thread);
        var output = new MatrixJob(workspace.Gate, workspace.Identity, tokens, workspace.Hidden, config.EmbeddingLength, accumulate: true);
        down.Multiply(output, thread, pool.Threads, scratch);
    }
}
