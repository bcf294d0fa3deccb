using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends;

/// <summary>
/// A loaded model with its KV blocks. Used by one thread at a time (the engine's). It owns its layout, fusion and
/// threads; nothing above it knows them.
/// </summary>
public interface IModelRunner : IDisposable
{
    /// <summary>The model's hyperparameters.</summary>
    ModelConfig Config { get; }

    /// <summary>The options that it was loaded with, with defaults filled in.</summary>
    RunnerOptions Options { get; }

    /// <summary>Size of one KV block over all layers, in bytes: what <see cref="ReadBlock"/> writes.</summary>
    int BlockBytes { get; }

    /// <summary>Runs the model over a batch, writes its keys and values to the KV blocks, and computes the wanted logits.</summary>
    /// <param name="batch">The input.</param>
    /// <param name="logits">Receives one row of <see cref="ModelConfig.VocabularySize"/> floats per logit row.</param>
    void Forward(in ForwardBatch batch, Span<float> logits);

    /// <summary>Copies the contents of a KV block, all layers.</summary>
    void CopyBlock(int source, int destination);

    /// <summary>Copies a KV block's contents out, <see cref="BlockBytes"/> bytes in the runner's own layout.</summary>
    void ReadBlock(int block, Span<byte> destination);

    /// <summary>Copies contents that <see cref="ReadBlock"/> gave back into a KV block.</summary>
    void WriteBlock(int block, ReadOnlySpan<byte> source);
}
