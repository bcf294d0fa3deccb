using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine;

/// <summary>Makes an engine from a model file.</summary>
internal static class EngineLoader
{
    public static InferenceEngine Load(string path, EngineOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        options.Validate();
        var model = ModelLoader.Open(path);
        try
        {
            var config = model.RequireConfig();
            if (model.Tensors.Count == 0) throw new ModelFormatException($"{path}: the file holds a vocabulary only, there is no model to run.");
            var vocabulary = model.Vocabulary ?? throw new ModelFormatException($"{path}: the file holds no vocabulary.");
            var tokenizer = TokenizerFactory.Create(vocabulary);
            var backend = options.Backend ?? Devices.Open(options.Device, options.Notes);
            var plan = backend.Plan(model, new()
            {
                Context = KvBudget.Needed(config, options),
                KvType = options.KvType,
                MaxBatchTokens = options.PrefillChunk,
                MemoryLimit = options.MemoryLimit,
                GpuLayers = options.GpuLayers,
            });
            var budget = KvBudget.Plan(config, options, plan.BlockBytes, plan.KvBlocks);
            if (plan.Note is { } note) options.Notes?.Invoke(note);
            var runnerOptions = new RunnerOptions
            {
                KvBlocks = budget.Blocks,
                HostKvBlocks = !options.PrefixReuse ? 0 : KvBudget.HostBlocks(budget.ContextLength, options, plan.BlockBytes, EngineOptions.DefaultHostMemoryLimit),
                KvType = options.KvType,
                MaxBatchTokens = options.PrefillChunk,
                Threads = options.Threads,
                GpuLayers = plan.GpuLayers,
            };
            var runner = backend.LoadModel(model, runnerOptions, progress, cancellationToken);
            return new InferenceEngine(runner, tokenizer, options, model.ChatTemplate, Fingerprint(model), model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Tells models apart: hyperparameters, vocabulary, and some bytes of every tensor.</summary>
    private static string Fingerprint(ModelFile model)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(model.RequireConfig().ToString()));
        foreach (var token in model.Vocabulary!.Tokens) hash.AppendData(Encoding.UTF8.GetBytes(token + "\n"));
        foreach (var tensor in model.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{tensor.Name} {tensor.Type} {tensor.Elements}\n")));
            var row = tensor.Row(tensor.Rows / 2);
            hash.AppendData(row[..Math.Min(row.Length, 256)]);
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
