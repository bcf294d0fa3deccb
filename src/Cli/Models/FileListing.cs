using System.Text.Json;

namespace AgentRuntime.Cli.Models;

/// <summary>Reads a page of the Hub's listing: an array of <c>{type, path, size, oid, lfs: {oid, size}}</c>.</summary>
internal static class FileListing
{
    private const int MaxFiles = 100_000;

    /// <summary>The files of the page; folders are passed over.</summary>
    /// <exception cref="ModelDownloadException">It is something else, or announces impossible sizes or hashes.</exception>
    public static IReadOnlyList<RemoteFile> Parse(JsonDocument page, string repository)
    {
        using (page)
        {
            if (page.RootElement.ValueKind != JsonValueKind.Array || page.RootElement.GetArrayLength() > MaxFiles) throw Damaged(repository, "is no list of files");
            return [.. page.RootElement.EnumerateArray().Where(e => Text(e, "type") == "file").Select(e => File(e, repository))];
        }
    }

    private static RemoteFile File(JsonElement entry, string repository)
    {
        var path = Text(entry, "path") ?? throw Damaged(repository, "has a file without a path");
        if (!entry.TryGetProperty("size", out var number) || number.ValueKind != JsonValueKind.Number || !number.TryGetInt64(out var size) || size is < 0 or > RemoteFile.MaxSize)
            throw Damaged(repository, "announces an impossible size");
        var large = entry.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object;
        var digest = large ? FileDigest.TryParse(DigestAlgorithm.Sha256, Text(lfs, "oid")) : FileDigest.TryParse(DigestAlgorithm.GitBlob, Text(entry, "oid"));
        return new(path, size, digest ?? throw Damaged(repository, "has a file without a hash"));
    }

    private static string? Text(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static ModelDownloadException Damaged(string repository, string how) => new($"The listing of {repository} {how}, so nothing was downloaded.");
}
