using System.Runtime.InteropServices;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Formats.HuggingFace;

/// <summary>
/// A model folder as Hugging Face's transformers writes it: <c>config.json</c>, <c>*.safetensors</c>,
/// <c>tokenizer.json</c>. Matrices are used where the files are mapped; vectors are converted to F32 and the matrices
/// of experts stacked, in memory of the folder's own.
/// </summary>
public sealed unsafe class HuggingFaceFolder : ModelFile
{
    private const int ConfigBytes = 16 << 20;
    private const int TokenizerBytes = 128 << 20;
    private readonly List<ModelMemory> _files = [];
    private readonly TensorStacks _made = new();
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    private HuggingFaceFolder(string path)
    {
        Path = path;
        var name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
        var json = Load("config.json", ConfigBytes) ?? throw new ModelFormatException($"{path}: the folder holds no config.json.");
        float[]? ropeFactors;
        try
        {
            (Config, Problem, ropeFactors) = HuggingFaceConfigReader.Read(json, name);
            if (Config is not null) Problem ??= OpenTensors(json, ropeFactors);
            (Vocabulary, var problem) = ReadVocabulary(json);
            Problem ??= problem;
            ChatTemplate = ReadTemplate();
        }
        catch
        {
            Dispose(true);
            throw;
        }
    }

    /// <summary>Opens a folder.</summary>
    /// <exception cref="ModelFormatException">It is no model folder, incomplete or damaged.</exception>
    /// <exception cref="EngineException">A file cannot be read.</exception>
    public static HuggingFaceFolder Open(string path) => new(path);

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
    protected override void Dispose(bool disposing)
    {
        foreach (var file in _files) file.Dispose();
        _files.Clear();
        _made.Dispose();
    }

    private JsonFields? Load(string file, int limit) => JsonFields.Load(System.IO.Path.Combine(Path, file), limit);

    /// <summary>Maps the files and lists their tensors under GGUF's names.</summary>
    /// <returns>What keeps the model from being run, or null.</returns>
    private string? OpenTensors(JsonFields json, float[]? ropeFactors)
    {
        var tied = json.Boolean("tie_word_embeddings") == true;
        var files = TensorFiles();
        if (files.Count == 0) return $"{Path}: the folder holds no *.safetensors.";
        var shapes = TensorCatalog.Of(Config!).ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        foreach (var file in files)
        {
            var memory = ModelMemory.Map(System.IO.Path.Combine(Path, file));
            _files.Add(memory);
            var header = new ReadOnlySpan<byte>(memory.Data, (int)Math.Min(memory.Length, SafetensorsReader.HeaderBytes + 8));
            foreach (var entry in SafetensorsReader.Read(header, memory.Length, file))
            {
                if (HuggingFaceNames.IsIgnored(entry.Name)) continue;
                if (HuggingFaceNames.Translate(entry.Name) is not { } name || !shapes.TryGetValue(name.Name, out var expected))
                    return $"{file}: tensor {entry.Name} is not part of a {Config!.Architecture} model that this engine can run.";
                if (tied && name.Name == "output.weight") continue;
                if (StorageOf(entry.Type) is not { } type) return $"{file}: the storage type {entry.Type} (tensor {entry.Name}) is not supported.";
                Add(file, entry, type, name.Name, name.Expert, expected, memory);
            }
        }
        if (ropeFactors is not null) _tensors.Add("rope_freqs.weight", _made.Vector("rope_freqs.weight", StorageType.F32, MemoryMarshal.AsBytes(ropeFactors.AsSpan())));
        foreach (var tensor in _made.Complete(Config!.Experts)) _tensors.Add(tensor.Name, tensor);
        return TensorCatalog.Check(Config!, Tensors, System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path)));
    }

    private void Add(string file, SafetensorsEntry entry, StorageType type, string name, int? expert, TensorCatalog.Entry expected, ModelMemory memory)
    {
        // A matrix is [out, in] here and [in, out] in GGUF: the same bytes.
        long[] shape = [.. entry.Shape.Reverse()];
        var data = memory.Data + entry.Offset;
        if (shape.Length == 0) throw new ModelFormatException($"{file}: tensor {entry.Name} has no dimensions.");
        if (expert is { } index)
        {
            if (index >= Config!.Experts || !shape.SequenceEqual(expected.Shape.Take(2)))
                throw new ModelFormatException($"{file}: tensor {entry.Name} has shape [{string.Join(", ", entry.Shape)}] or number {index}, which config.json does not allow.");
            if (!_made.AddPart(name, type, expected.Shape, index, new(data, checked((int)entry.ByteLength))))
                throw new ModelFormatException($"{file}: tensor {entry.Name} appears twice or in another type than its neighbours.");
            return;
        }
        var bytes = entry.ByteLength;
        var tensor = expected.IsVector && shape.Length == 1 && type != StorageType.F32 && bytes <= int.MaxValue
            ? _made.Vector(name, type, new(data, (int)bytes))
            : new(name, type, shape, data, bytes);
        if (!_tensors.TryAdd(name, tensor)) throw new ModelFormatException($"{file}: tensor {entry.Name} appears twice.");
    }

    /// <summary>The files with tensors: those of the index, or the only one.</summary>
    private List<string> TensorFiles()
    {
        if (Load("model.safetensors.index.json", ConfigBytes) is { } index)
        {
            var map = index.Object("weight_map") ?? throw index.Error("\"weight_map\" is missing");
            var names = map.Element.EnumerateObject().Select(property => map.Text(property.Value, "weight_map")).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            foreach (var name in names)
                if (name != System.IO.Path.GetFileName(name) || name is "" or "." or "..") throw index.Error($"{name} is no file name");
            return names;
        }
        return File.Exists(System.IO.Path.Combine(Path, "model.safetensors")) ? ["model.safetensors"] : [];
    }

    private (VocabularyData? Vocabulary, string? Problem) ReadVocabulary(JsonFields config)
    {
        if (Load("tokenizer.json", TokenizerBytes) is not { } tokenizer) return (null, $"{Path}: the folder holds no tokenizer.json.");
        var generation = Load("generation_config.json", ConfigBytes);
        var ends = generation?.Get("eos_token_id") is null ? EndTokens(config) : EndTokens(generation.Value);
        return TokenizerJsonReader.Read(tokenizer, Load("tokenizer_config.json", ConfigBytes), ends, Config?.VocabularySize);
    }

    /// <summary>One id or a list of them.</summary>
    private static List<int> EndTokens(JsonFields json)
    {
        const string Key = "eos_token_id";
        if (json.Get(Key) is not { } value) return [];
        return value.ValueKind == System.Text.Json.JsonValueKind.Array
            ? [.. json.Items(Key).Select(id => json.Integer(id, Key, 0, int.MaxValue))]
            : [json.Integer(value, Key, 0, int.MaxValue)];
    }

    private string? ReadTemplate()
    {
        var file = System.IO.Path.Combine(Path, "chat_template.jinja");
        if (File.Exists(file) && new FileInfo(file).Length <= ConfigBytes) return File.ReadAllText(file);
        if (Load("tokenizer_config.json", ConfigBytes) is not { } settings || settings.Get("chat_template") is not { } template) return null;
        if (template.ValueKind != System.Text.Json.JsonValueKind.Array) return settings.Text("chat_template");
        return settings.Items("chat_template").Select(item => settings.Object(item, "chat_template"))
            .OrderBy(item => item.Text("name") == "default" ? 0 : 1).Select(item => item.Text("template")).FirstOrDefault();
    }

    private static StorageType? StorageOf(string type) => type switch
    {
        "F32" => StorageType.F32,
        "F16" => StorageType.F16,
        "BF16" => StorageType.BF16,
        _ => null,
    };
}
