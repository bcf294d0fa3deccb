using System.Text;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Fuzz.Gguf;

/// <summary>GGUF files: the reader must agree with the oracle, and what it accepts must be safe to use.</summary>
internal sealed class GgufTarget : IFuzzTarget
{
    public string Name => "gguf";

    public IReadOnlyList<byte[]> Seeds => GgufSeeds.All;

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[] { "GGUF", "general.alignment", "general.architecture", "tokenizer.ggml.tokens", "llama", "qwen3moe", "<0xFF>" }.Select(Encoding.UTF8.GetBytes),
        [8, 0, 0, 0], [9, 0, 0, 0, 9, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0],
    ];

    public bool Run(byte[] input)
    {
        var oracle = GgufOracle.Problem(input);
        try
        {
            GgufReader.Read(input, input.Length, "fuzz.gguf");
            if (oracle is not null) throw new InvalidOperationException($"The reader accepts what the oracle refuses: {oracle}");
        }
        catch (ModelFormatException e) when (oracle is null)
        {
            throw new InvalidOperationException($"The reader refuses what the oracle accepts: {e.Message}");
        }
        using var file = GgufFile.Open(input, "fuzz.gguf");
        foreach (var tensor in file.Tensors.Values) Use(tensor);
        _ = ModelInspection.Of(file).MemoryBytes(1000);
        return true;
    }

    /// <summary>Every row of an accepted tensor can be read.</summary>
    private static void Use(Tensor tensor)
    {
        var values = new float[tensor.RowLength];
        for (long row = 0; row < tensor.Rows; row++) Dequantizer.ToFloat(tensor.Type, tensor.Row(row), values);
    }
}
