using System.Text.RegularExpressions;

namespace AgentRuntime.Cli.Models;

/// <summary>A model on the Hub: <c>owner/name</c>, and which of its quantisations.</summary>
/// <param name="Repository"><c>owner/name</c>.</param>
/// <param name="Quantization">A quantisation or file name, or null to choose.</param>
internal sealed partial record ModelReference(string Repository, string? Quantization)
{
    private const string Suffix = "-GGUF";

    /// <summary>What the installed name starts with: the repository's name in lower case, without <c>-GGUF</c>.</summary>
    public string BaseName
    {
        get
        {
            var name = Repository[(Repository.IndexOf('/', StringComparison.Ordinal) + 1)..];
            if (name.Length > Suffix.Length && name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)) name = name[..^Suffix.Length];
#pragma warning disable CA1308 // Lower case is what people type.
            return name.ToLowerInvariant();
#pragma warning restore CA1308
        }
    }

    /// <summary>Reads <c>owner/name[:QUANT]</c>.</summary>
    /// <exception cref="UsageException">It is something else.</exception>
    public static ModelReference Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success || text.Contains("..", StringComparison.Ordinal))
            throw new UsageException($"'{text}' is no model on Hugging Face; write OWNER/NAME or OWNER/NAME:QUANT, such as Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q8_0.");
        return new(match.Groups["repository"].Value, match.Groups["quantization"] is { Success: true, Value: var quantization } ? quantization : null);
    }

    [GeneratedRegex(@"\A(?<repository>[A-Za-z0-9_][A-Za-z0-9._-]{0,95}/[A-Za-z0-9_][A-Za-z0-9._-]{0,95})(:(?<quantization>[A-Za-z0-9_][A-Za-z0-9._/ -]{0,255}))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
