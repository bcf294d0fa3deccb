using AgentRuntime.Engine.Formats.Gguf;

namespace AgentRuntime.Engine.Models.Synthesis;

/// <summary>Which storage type each tensor of a model gets under a quantisation's name, as llama.cpp chooses.</summary>
/// <param name="Name">The name, for instance <c>Q4_K_M</c>.</param>
/// <param name="FileType">Its number in <c>general.file_type</c>.</param>
/// <param name="Base">The type of most tensors.</param>
public sealed record QuantizationMix(string Name, int FileType, StorageType Base)
{
    /// <summary>The known quantisations.</summary>
    public static IReadOnlyList<QuantizationMix> All { get; } =
    [
        new("F32", 0, StorageType.F32), new("F16", 1, StorageType.F16), new("BF16", 32, StorageType.BF16),
        new("Q8_0", 7, StorageType.Q8_0), new("Q4_0", 2, StorageType.Q4_0), new("Q4_K_M", 15, StorageType.Q4_K),
        new("Q5_K_M", 17, StorageType.Q5_K), new("Q6_K", 18, StorageType.Q6_K),
    ];

    /// <summary>The names of all quantisations, for messages.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(mix => mix.Name));

    /// <summary>The quantisation of that name, in any case.</summary>
    /// <exception cref="EngineException">There is none.</exception>
    public static QuantizationMix Find(string name) =>
        All.FirstOrDefault(mix => mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new EngineException($"There is no quantization {name} (known: {Names}).");

    /// <summary>The type of one tensor.</summary>
    /// <param name="entry">The tensor, a name of <see cref="TensorCatalog"/>.</param>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="tied">Whether the embeddings serve as output weights.</param>
    public StorageType TypeOf(TensorCatalog.Entry entry, int layers, bool tied)
    {
        // Vectors and the router of experts are small and sensitive.
        if (entry.IsVector || entry.Name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal)) return StorageType.F32;
        if (Base is StorageType.F32 or StorageType.F16 or StorageType.BF16 or StorageType.Q8_0) return Base;
        var isOutput = entry.Name == "output.weight" || tied && entry.Name == "token_embd.weight";
        return Fitting(isOutput || Base is StorageType.Q4_K or StorageType.Q5_K && NeedsMoreBits(entry.Name, layers) ? StorageType.Q6_K : Base, entry.Shape[0]);
    }

    /// <summary>Values and down projections of the first and last eighth of the layers and of every third between.</summary>
    private static bool NeedsMoreBits(string name, int layers)
    {
        if (!name.Contains(".attn_v.", StringComparison.Ordinal) && !name.Contains(".ffn_down", StringComparison.Ordinal)) return false;
        var layer = int.Parse(name.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture);
        return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
    }

    /// <summary>Rows that are no whole number of super-blocks take the next larger type with blocks of 32.</summary>
    private static StorageType Fitting(StorageType type, long rowLength)
    {
        if (rowLength % StorageLayout.Of(type).BlockLength == 0) return type;
        return type switch
        {
            StorageType.Q4_K => StorageType.Q5_0,
            StorageType.Q5_K => StorageType.Q5_1,
            StorageType.Q6_K => StorageType.Q8_0,
            _ => StorageType.F16,
        };
    }
}
