using System.Globalization;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>The files of a model that was split, as llama.cpp names them: <c>NAME-00001-of-00003.gguf</c>.</summary>
internal static class GgufParts
{
    private const int MostParts = 1000;

    /// <summary>The paths of the other parts of a model whose first part is open.</summary>
    /// <param name="metadata">Metadata of the opened file.</param>
    /// <param name="path">Its path.</param>
    /// <param name="onDisk">Whether it lies on disk, with others beside it.</param>
    /// <param name="problem">Why the model cannot be run from this file alone, or null.</param>
    /// <exception cref="ModelFormatException">The first part was opened and another is missing.</exception>
    public static IReadOnlyList<string> Others(GgufMetadata metadata, string path, bool onDisk, out string? problem)
    {
        problem = null;
        var count = metadata.Integer("split.count", 0, MostParts) ?? 1;
        if (count <= 1) return [];
        var number = metadata.Integer("split.no", 0, count - 1) ?? 0;
        var name = Path.GetFileName(path);
        var (own, template) = (Suffix(0, count), path[..Math.Max(0, path.Length - Suffix(0, count).Length)]);
        if (number != 0 || !onDisk || !path.EndsWith(own, StringComparison.Ordinal))
        {
            problem = $"{name}: the file is part {number + 1} of {count} of a model; open the part whose name ends with {own}.";
            return [];
        }
        var others = Enumerable.Range(1, count - 1).Select(i => template + Suffix(i, count)).ToArray();
        var missing = others.FirstOrDefault(other => !File.Exists(other));
        return missing is null ? others : throw new ModelFormatException($"{name}: the model's part {Path.GetFileName(missing)} is missing beside it.");
    }

    private static string Suffix(int index, int count) => string.Create(CultureInfo.InvariantCulture, $"-{index + 1:D5}-of-{count:D5}.gguf");
}
