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

    /// <summary>Hyperparameters, or null for a file that holds only a vocabulary.</summary>
    public abstract ModelConfig? Config { get; }

    /// <summary>Tensors by GGUF name; empty for a vocabulary-only file.</summary>
    public abstract IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>The vocabulary, or null when the file has none.</summary>
    public abstract VocabularyData? Vocabulary { get; }

    /// <summary>The chat template's Jinja source, or null when the file has none.</summary>
    public abstract string? ChatTemplate { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the mapping.</summary>
    protected abstract void Dispose(bool disposing);
}
