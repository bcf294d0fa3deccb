using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>
/// A GGUF file, memory-mapped: its tensors are used where they lie. A model that is split into files
/// (<c>NAME-00001-of-00003.gguf</c>) is opened by its first.
/// </summary>
public sealed unsafe class GgufFile : ModelFile
{
    private readonly List<ModelMemory> _memory = [];
    private readonly List<GgufTensorInfo> _infos = [];
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    private GgufFile(string path, byte[]? contents)
    {
        Path = path;
        var name = System.IO.Path.GetFileName(path);
        try
        {
            Header = AddPart(contents is null ? ModelMemory.Map(path) : ModelMemory.Pin(contents), name);
            var parts = GgufParts.Others(Header.Metadata, path, contents is null, out var isPart);
            foreach (var part in parts) AddPart(ModelMemory.Map(part), System.IO.Path.GetFileName(part));
            Vocabulary = GgufVocabularyReader.Read(Header.Metadata);
            ChatTemplate = Header.Metadata.Text("tokenizer.chat_template");
            (Config, var problem) = GgufConfigReader.Read(Header.Metadata, _infos, name, Vocabulary);
            Problem = isPart ?? problem;
            if (Config is not null && Problem is null) Problem = TensorCatalog.Check(Config, Tensors, name);
        }
        catch
        {
            Dispose(true);
            throw;
        }
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="ModelFormatException">It is no GGUF file, damaged or cut short, or another part of it is missing.</exception>
    /// <exception cref="EngineException">It does not exist or cannot be read.</exception>
    public static GgufFile Open(string path) => new(path, null);

    /// <summary>Opens the contents of a file that are in memory already.</summary>
    /// <param name="contents">The whole file; not to be changed while it is open.</param>
    /// <param name="name">Name for messages.</param>
    /// <exception cref="ModelFormatException">They are no GGUF file, damaged or cut short.</exception>
    public static GgufFile Open(byte[] contents, string name) => new(name, contents);

    private GgufHeader AddPart(ModelMemory memory, string name)
    {
        _memory.Add(memory);
        var start = new ReadOnlySpan<byte>(memory.Data, (int)Math.Min(memory.Length, GgufLimits.HeaderBytes));
        var header = GgufReader.Read(start, memory.Length, name);
        foreach (var info in header.Tensors)
        {
            _infos.Add(info);
            if (info.Type.IsSupported && !_tensors.TryAdd(info.Name, new(info.Name, (StorageType)info.Type.Id, info.Shape, memory.Data + info.Offset, info.ByteLength)))
                throw new ModelFormatException($"{name}: tensor {info.Name} is in another part of the model too.");
        }
        return header;
    }

    /// <summary>Metadata and list of tensors of the (first) file, also of types that the engine does not compute with.</summary>
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
    public override void Release(Tensor tensor)
    {
        foreach (var memory in _memory) memory.Release(tensor.Data, tensor.ByteLength);
    }

    /// <inheritdoc/>
    public override string? ChatTemplate { get; }

    /// <inheritdoc/>
    public override IEnumerable<TensorSummary> ListTensors() =>
        _infos.Select(tensor => new TensorSummary(tensor.Name, tensor.Type.Name, tensor.Shape, tensor.ByteLength));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var memory in _memory) memory.Dispose();
        _memory.Clear();
    }
}
