using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Formats.HuggingFace;

namespace AgentRuntime.Engine.Models;

/// <summary>Opens models of any supported format.</summary>
public static class ModelLoader
{
    /// <summary>Opens a GGUF file or a folder with a Hugging Face model.</summary>
    /// <param name="path">The file or folder.</param>
    /// <returns>The opened model; ask <see cref="ModelFile.RequireConfig"/> before running it.</returns>
    /// <exception cref="ModelFormatException">It is damaged, cut short or of another format.</exception>
    /// <exception cref="EngineException">It does not exist or cannot be read.</exception>
    public static ModelFile Open(string path) =>
        Directory.Exists(path) ? HuggingFaceFolder.Open(path) : GgufFile.Open(path);
}
