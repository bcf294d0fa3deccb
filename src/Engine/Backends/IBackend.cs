using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends;

/// <summary>A kind of device that can run models.</summary>
public interface IBackend
{
    /// <summary>The name in <c>--device</c>: <c>cpu</c> or <c>cuda</c>.</summary>
    string Name { get; }

    /// <summary>Decides, before a model is loaded, where its layers run and how many KV blocks there is room for.</summary>
    /// <param name="model">The model that will be loaded.</param>
    /// <param name="request">What it has to have room for.</param>
    /// <exception cref="EngineException">It does not fit; the sentence says what would.</exception>
    LoadPlan Plan(ModelFile model, LoadRequest request);

    /// <summary>Loads a model's weights. The file must stay open as long as the runner.</summary>
    /// <param name="model">The opened model file.</param>
    /// <param name="options">How to set it up.</param>
    /// <param name="progress">Receives the share of the weights that is ready, 0 to 1.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="ModelFormatException">A tensor is missing, has the wrong shape or an unsupported type.</exception>
    IModelRunner LoadModel(
        ModelFile model, RunnerOptions options, IProgress<double>? progress = null, CancellationToken cancellationToken = default);
}
