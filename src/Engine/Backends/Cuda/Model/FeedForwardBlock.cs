using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>The second half of a layer: norm, SwiGLU, dense or of the experts that a router chooses for each token.</summary>
internal sealed class FeedForwardBlock(ModelConfig config, Operators operators, Workspace workspace)
{
    public void Run(CudaLayer layer, int tokens)
    {
        if (layer.Router is { } router) Experts(layer, router, tokens);
        else Dense(layer, tokens);
    }

    private void Dense(CudaLayer layer, int tokens)
    {
        operators.Gate(
            new(layer.Gate, 0, workspace.Gate), new(layer.Up, 0, workspace.Up), workspace.Hidden, layer.FeedForwardNorm, config.RmsEpsilon, workspace.Normed, tokens);
        operators.Prepare(workspace.Gate, tokens, layer.Down);
        operators.Multiply(layer.Down, workspace.Gate, 0, workspace.Hidden, tokens, accumulate: true);
    }

    private void Experts(CudaLayer layer, CudaMatrix router, int tokens)
    {
        operators.MultiplyNormed([new(router, 0, workspace.Scores)], workspace.Hidden, layer.FeedForwardNorm, config.RmsEpsilon, workspace.Normed, tokens);
        operators.Kernels.LaunchEarly(operators.Kernels["route"], (tokens, 1, 1), 32, new RouteParams
        {
            Scores = workspace.Scores,
            Chosen = workspace.Chosen,
            Weights = workspace.ChosenWeights,
            Experts = config.Experts,
            Used = config.ExpertsUsed,
            Normalize = config.NormalizeExpertWeights ? 1 : 0,
        });
        Product gate = new(layer.Gate, 0, workspace.Gate), up = new(layer.Up, 0, workspace.Up);
        if (Operators.AreMany(layer, tokens, config.Experts))
        {
            operators.ManyExperts(gate, up, new(layer.Down, 0, workspace.Results), workspace.Normed, workspace.Chosen, tokens, config.ExpertsUsed, config.Experts);
        }
        else
        {
            operators.GateExperts(gate, up, workspace.Hidden, layer.FeedForwardNorm, config.RmsEpsilon, workspace.Normed, workspace.Chosen, tokens, config.ExpertsUsed);
            if (operators.AddExperts(layer.Down, workspace.Gate, workspace.Chosen, workspace.ChosenWeights, workspace.Hidden, tokens, config.ExpertsUsed)) return;
            operators.MultiplyExperts(layer.Down, workspace.Gate, workspace.Chosen, workspace.Results, tokens * config.ExpertsUsed, 1);
        }
        operators.Kernels.LaunchEarly(operators.Kernels["combine_experts"], (tokens, 1, 1), 128, new CombineParams
        {
            Results = workspace.Results,
            Weights = workspace.ChosenWeights,
            Hidden = workspace.Hidden,
            Columns = config.EmbeddingLength,
            Used = config.ExpertsUsed,
        });
    }
}
