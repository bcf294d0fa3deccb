using System.Text.RegularExpressions;

namespace AgentRuntime.Cli.Models;

/// <summary>Chooses the files of a repository that make the model that was asked for.</summary>
internal static partial class ModelSelector
{
    private static readonly string[] Preferred = ["Q4_K_M", "Q8_0"];
    private static readonly string[] FolderFiles =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "model.safetensors.index.json",
    ];

    /// <summary>Chooses.</summary>
    /// <exception cref="UsageException">There is no such quantisation, or none was named and there are several; the sentence lists them.</exception>
    /// <exception cref="ModelDownloadException">The repository holds no model, or a hostile listing.</exception>
    public static ModelSelection Select(ModelReference reference, IReadOnlyList<RemoteFile> files)
    {
        var choices = GgufChoice.Find(files);
        if (choices.Count == 0) return Folder(reference, files);
        var choice = Choose(reference, choices).RequireComplete();
        return new(NameOf(reference, choice, choices), choice.Files.Count > 1, choice.Files);
    }

    private static GgufChoice Choose(ModelReference reference, IReadOnlyList<GgufChoice> choices)
    {
        if (reference.Quantization is { } asked)
        {
            var fits = choices.Where(choice => choice.Is(asked, loosely: false)).ToArray();
            if (fits.Length == 0) fits = [.. choices.Where(choice => choice.Is(asked, loosely: true))];
            return fits switch
            {
                [var one] => one,
                [] => throw new UsageException($"{reference.Repository} has no {asked}; choose one of {Displays(choices)}."),
                _ => throw new UsageException($"{asked} is more than one file of {reference.Repository}; write the file instead, one of {string.Join(", ", fits.Select(f => f.Files[0].Path))}."),
            };
        }
        foreach (var label in Preferred)
            if (choices.Where(choice => label.Equals(choice.Label, StringComparison.OrdinalIgnoreCase)).ToArray() is [var one]) return one;
        return choices is [var only] ? only : throw new UsageException($"{reference.Repository} has several models; write {reference.Repository}:QUANT with one of {Displays(choices)}.");
    }

    private static ModelSelection Folder(ModelReference reference, IReadOnlyList<RemoteFile> files)
    {
        var weights = files.Where(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal))
            .Select(file => file.RequirePlainPath())
            // Some repositories hold the same weights a second time in the maker's own layout.
            .Where(file => !file.Path.Contains('/', StringComparison.Ordinal) && !file.Path.StartsWith("consolidated", StringComparison.Ordinal))
            .ToArray();
        if (weights.Length == 0 || !files.Any(file => file.Path == FolderFiles[0]))
            throw new ModelDownloadException($"{reference.Repository} holds no model that agentrt can run: neither *.gguf nor config.json with *.safetensors.");
        if (reference.Quantization is { } asked)
            throw new UsageException($"{reference.Repository} has no GGUF files and so no {asked}; leave :{asked} out to get the model as it is.");
        var chosen = files.Where(file => FolderFiles.Contains(file.Path)).Concat(weights).DistinctBy(file => file.Path, StringComparer.OrdinalIgnoreCase);
        return new(reference.BaseName, true, [.. chosen]);
    }

    /// <summary>The repository's name and the quantisation, unless that leaves it open which file it was.</summary>
    private static string NameOf(ModelReference reference, GgufChoice choice, IReadOnlyList<GgufChoice> choices)
    {
        var name = reference.BaseName;
        if (choices.Count(other => string.Equals(other.Label, choice.Label, StringComparison.OrdinalIgnoreCase)) > 1) name = Path.GetFileName(choice.Stem);
        else if (choice.Label is { } label && !name.EndsWith("-" + label, StringComparison.OrdinalIgnoreCase)) name += "-" + label;
#pragma warning disable CA1308 // Lower case is what people type.
        return Unusual().Replace(name.ToLowerInvariant(), "-").TrimStart('.', '-');
#pragma warning restore CA1308
    }

    private static string Displays(IEnumerable<GgufChoice> choices) => string.Join(", ", choices.Select(choice => choice.Display).Distinct());

    [GeneratedRegex("[^a-z0-9._-]+")]
    private static partial Regex Unusual();
}
