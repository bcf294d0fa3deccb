using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends;

/// <summary>A kind of device that can run models.</summary>
public interface IBackend
{
    /// <summary>The name in <c>--device</c>: <c>cpu</c> or <c>cuda</c>.</summary>
    string Name { get; }

    /// <summary>Size in bytes that one KV block takes for a model, before it is loaded.</summary>
    long BlockBytes(ModelConfig config, KvType type);

    /// <summary>Bytes that keys and values may take when the caller sets no limit, beside the model's weights.</summary>
    /// <param name="model">The model that will be loaded.</param>
    /// <param name="maxBatchTokens">Most tokens in one forward pass.</param>
    long KvMemory(ModelFile model, int maxBatchTokens);

    /// <summary>Loads a model's weights. The file must stay open as long as the runner.</summary>
    /// <param name="model">The opened model file.</param>
    /// <param name="options">How to set it up.</param>
    /// <param name="progress">Receives the share of the weights that is ready, 0 to 1.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="ModelFormatException">A tensor is missing, has the wrong shape or an unsupported type.</exception>
    IModelRunner LoadModel(
        ModelFile model, RunnerOptions options, IProgress<double>? progress = null, CancellationToken cancellationToken = default);
}
