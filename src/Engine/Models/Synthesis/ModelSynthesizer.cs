using System.Runtime.InteropServices;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Models.Synthesis;

/// <summary>Writes GGUF files with random weights of a real model's shape, for benchmarks and tests without a download.</summary>
public static class ModelSynthesizer
{
    /// <summary>Bytes of random weights, about, that one thread makes at a time.</summary>
    private const int PieceBytes = 1 << 20;

    /// <summary>Writes a model. The file appears under its name when it is complete; a failure leaves nothing behind.</summary>
    /// <param name="shape">A name of <see cref="ModelShape.All"/>.</param>
    /// <param name="quantization">A name of <see cref="QuantizationMix.All"/>.</param>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <param name="seed">The same seed gives the same file.</param>
    /// <param name="progress">Receives the share that is written, 0 to 1.</param>
    /// <param name="cancellationToken">Stops writing.</param>
    /// <exception cref="EngineException">The shape or quantisation is unknown, or the file cannot be written.</exception>
    public static void Write(
        string shape, string quantization, string path, ulong seed = 1, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var (model, mix) = (ModelShape.Find(shape), QuantizationMix.Find(quantization));
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20))
                Write(model, mix, stream, seed, progress, cancellationToken);
            File.Move(partial, path, true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"The model cannot be written to {path}: {e.Message}", e);
        }
        finally
        {
            if (File.Exists(partial)) File.Delete(partial);
        }
    }

    /// <summary>Writes a model to a stream.</summary>
    public static void Write(
        ModelShape model, QuantizationMix mix, Stream stream, ulong seed = 1, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var writer = new GgufWriter(stream);
        AddMetadata(writer, model, mix);
        var tensors = Tensors(model, mix);
        foreach (var (entry, type) in tensors) writer.AddTensor(entry.Name, type, [.. entry.Shape]);
        writer.Begin();
        double total = writer.DataBytes;
        long done = 0;
        for (var i = 0; i < tensors.Count; i++)
        {
            var (entry, type) = tensors[i];
            done += entry.IsVector
                ? WriteVector(writer, model, entry, new(seed + (ulong)i))
                : WriteMatrix(writer, entry, type, new SplitMix64(seed + (ulong)i).Next(), cancellationToken);
            progress?.Report(done / total);
        }
        writer.End();
    }

    private static List<(TensorCatalog.Entry Entry, StorageType Type)> Tensors(ModelShape model, QuantizationMix mix) =>
    [
        .. TensorCatalog.Of(model.Config)
            .Where(entry => entry.Required || entry.Name == "output.weight" && !model.Tied || entry.Name == "rope_freqs.weight" && model.RopeFactor > 0)
            .Select(entry => (entry, mix.TypeOf(entry, model.Config.Layers, model.Tied))),
    ];

    /// <summary>Norms are 1 and biases small, as in trained models.</summary>
    private static long WriteVector(GgufWriter writer, ModelShape model, TensorCatalog.Entry entry, SplitMix64 random)
    {
        var config = model.Config;
        var values = new float[entry.Shape[0]];
        if (entry.Name == "rope_freqs.weight")
            values = Llama3RopeFactors.Compute(config.RopeDimensions, config.RopeBase, model.RopeFactor);
        else if (entry.Name.EndsWith(".bias", StringComparison.Ordinal))
            foreach (ref var value in values.AsSpan()) value = 0.05f * random.Symmetric();
        else
            Array.Fill(values, 1);
        var bytes = MemoryMarshal.AsBytes(values.AsSpan());
        writer.Write(bytes);
        return bytes.Length;
    }

    /// <summary>A deviation of 1 / √inputs keeps outputs as large as inputs. Each piece has its own seed, so threads do not matter.</summary>
    private static long WriteMatrix(GgufWriter writer, TensorCatalog.Entry entry, StorageType type, ulong seed, CancellationToken cancellationToken)
    {
        var layout = StorageLayout.Of(type);
        var bytes = layout.Bytes(entry.Shape.Aggregate(1L, (product, size) => product * size));
        var deviation = 1 / MathF.Sqrt(entry.Shape[0]);
        var pieceBytes = PieceBytes / layout.BlockBytes * layout.BlockBytes;
        var pieces = new byte[Environment.ProcessorCount][];
        for (long start = 0; start < bytes; start += (long)pieces.Length * pieceBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var first = start;
            Parallel.For(0, pieces.Length, i =>
            {
                var offset = first + (long)i * pieceBytes;
                var random = new SplitMix64(seed ^ (ulong)offset);
                pieces[i] ??= new byte[pieceBytes];
                RandomBlocks.Fill(type, Part(i, offset), deviation, ref random);
            });
            for (var i = 0; i < pieces.Length; i++)
                if (Part(i, start + (long)i * pieceBytes) is { IsEmpty: false } part) writer.Write(part);
        }
        return bytes;

        Span<byte> Part(int i, long offset) => pieces[i].AsSpan(0, (int)Math.Clamp(bytes - offset, 0, pieceBytes));
    }

    private static void AddMetadata(GgufWriter writer, ModelShape model, QuantizationMix mix)
    {
        var config = model.Config;
        var family = config.Architecture;
        writer.Add("general.architecture", family);
        writer.Add("general.name", $"synthetic {config.Name}");
        writer.Add("general.file_type", (uint)mix.FileType);
        writer.Add("general.quantization_version", 2u);
        AddCount("block_count", config.Layers);
        AddCount("context_length", config.ContextLength);
        AddCount("embedding_length", config.EmbeddingLength);
        AddCount("feed_forward_length", config.FeedForwardLength);
        AddCount("attention.head_count", config.Heads);
        AddCount("attention.head_count_kv", config.KvHeads);
        AddCount("attention.key_length", config.HeadLength);
        AddCount("attention.value_length", config.ValueHeadLength);
        AddCount("rope.dimension_count", config.RopeDimensions);
        AddCount("vocab_size", config.VocabularySize);
        writer.Add(family + ".rope.freq_base", config.RopeBase);
        writer.Add(family + ".attention.layer_norm_rms_epsilon", config.RmsEpsilon);
        if (config.Experts > 0)
        {
            AddCount("expert_count", config.Experts);
            AddCount("expert_used_count", config.ExpertsUsed);
            AddCount("expert_feed_forward_length", config.ExpertFeedForwardLength);
        }
        AddVocabulary(writer, SyntheticVocabulary.Create(config.VocabularySize, model.PreTokenizer));
        writer.Add("tokenizer.chat_template", SyntheticVocabulary.ChatTemplate);

        void AddCount(string key, int value) => writer.Add($"{family}.{key}", (uint)value);
    }

    private static void AddVocabulary(GgufWriter writer, VocabularyData vocabulary)
    {
        writer.Add("tokenizer.ggml.model", vocabulary.Model);
        writer.Add("tokenizer.ggml.pre", vocabulary.PreTokenizer!);
        writer.Add("tokenizer.ggml.tokens", vocabulary.Tokens.ToArray());
        writer.Add("tokenizer.ggml.token_type", vocabulary.Types.Select(type => (int)type).ToArray());
        writer.Add("tokenizer.ggml.merges", vocabulary.Merges.ToArray());
        writer.Add("tokenizer.ggml.eos_token_id", (uint)vocabulary.EosToken!.Value);
        writer.Add("tokenizer.ggml.padding_token_id", (uint)vocabulary.PaddingToken!.Value);
        writer.Add("tokenizer.ggml.add_bos_token", vocabulary.AddBos!.Value);
    }
}
