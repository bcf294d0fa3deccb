using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Models;

/// <summary>
/// An opened model: configuration, tensors, vocabulary and chat template, whatever format they came in.
/// Tensors are views into it: dispose it last.
/// </summary>
public abstract class ModelFile : IDisposable
{
    /// <summary>The file or folder.</summary>
    public abstract string Path { get; }

    /// <summary>Hyperparameters, or null where the file states none or the family is not supported.</summary>
    public abstract ModelConfig? Config { get; }

    /// <summary>Tensors by GGUF name; empty for a vocabulary-only file.</summary>
    public abstract IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>The vocabulary, or null when the file has none.</summary>
    public abstract VocabularyData? Vocabulary { get; }

    /// <summary>The chat template's Jinja source, or null when the file has none.</summary>
    public abstract string? ChatTemplate { get; }

    /// <summary>
    /// Why the model cannot be run, one sentence; null when it can. A file with an unsupported family or storage type
    /// still opens, so that it can be inspected and its vocabulary and template used.
    /// </summary>
    public abstract string? Problem { get; }

    /// <summary>All tensors in the order of the file, also those of types that the engine cannot compute with.</summary>
    public virtual IEnumerable<TensorSummary> ListTensors() =>
        Tensors.Values.Select(tensor => new TensorSummary(tensor.Name, tensor.Type.ToString(), tensor.Shape, tensor.ByteLength));

    /// <summary>The hyperparameters of a model that can be run.</summary>
    /// <exception cref="ModelFormatException">It cannot be run, for <see cref="Problem"/>.</exception>
    public ModelConfig RequireConfig() =>
        Problem is null && Config is { } config ? config : throw new ModelFormatException(Problem ?? $"{Path}: the file holds no model configuration.");

    /// <summary>
    /// Says that a tensor's bytes are not needed for now, so that a mapped file's pages need not stay resident. They can
    /// still be read.
    /// </summary>
    public virtual void Release(Tensor tensor) { }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the mapping.</summary>
    protected abstract void Dispose(bool disposing);
}
