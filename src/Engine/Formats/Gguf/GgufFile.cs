using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>A GGUF file, memory-mapped: its tensors are used where they lie.</summary>
public sealed unsafe class GgufFile : ModelFile
{
    private readonly ModelMemory _memory;
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    private GgufFile(ModelMemory memory, string path)
    {
        _memory = memory;
        Path = path;
        var name = System.IO.Path.GetFileName(path);
        var start = new ReadOnlySpan<byte>(memory.Data, (int)Math.Min(memory.Length, GgufLimits.HeaderBytes));
        Header = GgufReader.Read(start, memory.Length, name);
        foreach (var info in Header.Tensors)
            if (info.Type.IsSupported)
                _tensors.Add(info.Name, new(info.Name, (StorageType)info.Type.Id, info.Shape, memory.Data + info.Offset, info.ByteLength));
        Vocabulary = GgufVocabularyReader.Read(Header.Metadata);
        ChatTemplate = Header.Metadata.Text("tokenizer.chat_template");
        (Config, Problem) = GgufConfigReader.Read(Header, name, Vocabulary);
        if (Config is not null && Problem is null) Problem = TensorCatalog.Check(Config, Tensors, name);
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="ModelFormatException">It is no GGUF file, damaged or cut short.</exception>
    /// <exception cref="EngineException">It does not exist or cannot be read.</exception>
    public static GgufFile Open(string path) => Open(ModelMemory.Map(path), path);

    /// <summary>Opens the contents of a file that are in memory already.</summary>
    /// <param name="contents">The whole file; not to be changed while it is open.</param>
    /// <param name="name">Name for messages.</param>
    /// <exception cref="ModelFormatException">They are no GGUF file, damaged or cut short.</exception>
    public static GgufFile Open(byte[] contents, string name) => Open(ModelMemory.Pin(contents), name);

    private static GgufFile Open(ModelMemory memory, string path)
    {
        try
        {
            return new(memory, path);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Metadata and list of tensors, also of types that the engine does not compute with.</summary>
    public GgufHeader Header { get; }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override ModelConfig? Config { get; }

    /// <inheritdoc/>
    public override string? Problem { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <inheritdoc/>
    public override VocabularyData? Vocabulary { get; }

    /// <inheritdoc/>
    public override string? ChatTemplate { get; }

    /// <inheritdoc/>
    public override IEnumerable<TensorSummary> ListTensors() =>
        Header.Tensors.Select(tensor => new TensorSummary(tensor.Name, tensor.Type.Name, tensor.Shape, tensor.ByteLength));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _memory.Dispose();
}
