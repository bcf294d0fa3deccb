using System.Globalization;
using System.Text.RegularExpressions;

namespace AgentRuntime.Cli.Models;

/// <summary>A model that a repository offers as GGUF: one file, or the parts of one.</summary>
/// <param name="Stem">Path without <c>.gguf</c> and the number of the part.</param>
/// <param name="Parts">How many parts their names announce; null for a file that is whole.</param>
/// <param name="Files">The files in order.</param>
internal sealed partial record GgufChoice(string Stem, int? Parts, IReadOnlyList<RemoteFile> Files)
{
    private const string Extension = ".gguf";

    /// <summary>Nobody splits into more.</summary>
    private const int MaxParts = 1000;

    /// <summary>The quantisation that the name ends with, such as <c>Q4_K_M</c>, or null.</summary>
    public string? Label { get; } = LabelForm().Match(Stem) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>What a user types for this one.</summary>
    public string Display => Label ?? Path.GetFileName(Stem) + Extension;

    /// <summary>The choices among the files of a repository, in order of name. Files with a vision projector are none.</summary>
    /// <exception cref="ModelDownloadException">A path is not plain.</exception>
    public static IReadOnlyList<GgufChoice> Find(IEnumerable<RemoteFile> files) =>
        [.. files.Where(file => file.Path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
            .Select(file => file.RequirePlainPath())
            .Where(file => !file.Name.StartsWith("mmproj", StringComparison.OrdinalIgnoreCase))
            .GroupBy(file => PartForm().Match(file.Path) is { Success: true } part
                ? (Stem: part.Groups["stem"].Value, Parts: int.Parse(part.Groups["count"].ValueSpan, CultureInfo.InvariantCulture))
                : (Stem: file.Path[..^Extension.Length], Parts: (int?)null))
            .OrderBy(group => group.Key.Stem, StringComparer.Ordinal)
            .Select(group => new GgufChoice(group.Key.Stem, group.Key.Parts, [.. group.OrderBy(file => file.Path, StringComparer.Ordinal)]))];

    /// <summary>Whether this is what a user asked for by quantisation or file name.</summary>
    /// <param name="asked">The quantisation or file.</param>
    /// <param name="loosely">Whether it is enough that the name has the quantisation as a part.</param>
    public bool Is(string asked, bool loosely)
    {
        if (asked.Equals(Label, StringComparison.OrdinalIgnoreCase)) return true;
        if (Files.Any(file => asked.Equals(file.Path, StringComparison.OrdinalIgnoreCase) || asked.Equals(file.Name, StringComparison.OrdinalIgnoreCase))) return true;
        return loosely && Regex.IsMatch(Stem, $@"(^|[-./]){Regex.Escape(asked)}($|[-./])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
    }

    /// <summary>Checks that all parts are there, once each.</summary>
    /// <exception cref="ModelDownloadException">One is missing.</exception>
    public GgufChoice RequireComplete()
    {
        string[] expected = Parts is not { } parts
            ? [Stem + Extension]
            : [.. Enumerable.Range(1, Math.Min(parts, MaxParts)).Select(part => string.Create(CultureInfo.InvariantCulture, $"{Stem}-{part:00000}-of-{parts:00000}{Extension}"))];
        return expected.SequenceEqual(Files.Select(file => file.Path), StringComparer.OrdinalIgnoreCase)
            ? this
            : throw new ModelDownloadException($"The repository does not hold {Stem} completely: {Files.Count} of its {Parts ?? 1} files are there.");
    }

    [GeneratedRegex(@"\A(?<stem>.+)-[0-9]{5}-of-(?<count>[0-9]{5})\.gguf\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PartForm();

    [GeneratedRegex(@"(?:^|[-._/])((?:UD-)?(?:I?Q[0-9](?:_[A-Z0-9]+)*|TQ[0-9]_[0-9]|BF16|FP?16|FP?32|MXFP4(?:_MOE)?))\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LabelForm();
}
