using System.Text.Encodings.Web;
using System.Text.Json;

namespace AgentRuntime.Cli.Output;

/// <summary>JSON in and out, a document a line.</summary>
internal static class JsonLines
{
    /// <summary>Snake case, text unescaped where JSON allows it.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes a value on one line.</summary>
    public static void Write<T>(TextWriter output, T value) => output.WriteLine(JsonSerializer.Serialize(value, Options));

    /// <summary>Reads a value from each line of a stream; empty lines are passed over.</summary>
    /// <exception cref="UsageException">A line is not what is wanted.</exception>
    public static IEnumerable<T> Read<T>(TextReader input, string wanted)
    {
        for (var number = 1; input.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            T? value;
            try { value = JsonSerializer.Deserialize<T>(line, Options); }
            catch (JsonException) { value = default; }
            yield return value ?? throw new UsageException($"Standard input, line {number}: expected {wanted}.");
        }
    }
}
