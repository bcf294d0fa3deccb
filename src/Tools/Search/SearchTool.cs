using System.Text;
using System.Text.RegularExpressions;
using AgentRuntime.Tools.Files;

namespace AgentRuntime.Tools.Search;

/// <summary>Finds lines by a regular expression.</summary>
public sealed class SearchTool(ToolContext context) : RepositoryTool(
    context, "search", "Finds lines that match a .NET regular expression; (?i) ignores case. Ignored files are left out.",
    new("pattern", "string", "The regular expression, matched within one line."),
    new("path", "string", "A file or folder, from the repository's root; all of it when absent.", Required: false))
{
    private const int MaxHits = 200;
    private const int MaxFileBytes = 2 * 1024 * 1024;
    private const int MaxLineCharacters = 300;
    private const int MaxPatternCharacters = 1000;
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public override bool IsReadOnly => true;

    private protected override Task<ToolResult> RunAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var regex = Parse(arguments.String("pattern"));
        var start = Context.Paths.ResolveOrRoot(arguments.OptionalString("path"));
        var hits = new StringBuilder();
        var count = 0;
        foreach (var file in new RepositoryWalker(Context.Paths).Files(start, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (ReadText(file) is { } text)
                AddHits(regex, file, text, hits, ref count, cancellationToken);
            if (count > MaxHits)
                break;
        }

        if (count == 0)
            return Task.FromResult(new ToolResult("no matches"));
        if (count > MaxHits)
            hits.Append($"[more than {MaxHits} matches; narrow the pattern or the path]");
        else
            hits.Length--;
        return Task.FromResult(new ToolResult(hits.ToString()));
    }

    /// <summary>The regular expression: one whose time grows with the length of the text alone, where the pattern allows it.</summary>
    private static Regex Parse(string pattern)
    {
        if (pattern.Length is 0 or > MaxPatternCharacters)
            throw new ToolFailure(ToolErrorKind.InvalidArguments, $"the pattern must have 1 to {MaxPatternCharacters} characters");
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, MatchTimeout);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException failure)
        {
            throw new ToolFailure(ToolErrorKind.InvalidArguments, $"the pattern is no valid regular expression: {failure.Message}");
        }
    }

    private static void AddHits(
        Regex regex, string file, string text, StringBuilder hits, ref int count, CancellationToken cancellationToken)
    {
        var number = 0;
        foreach (var raw in text.AsSpan().EnumerateLinesByFeed())
        {
            number++;
            var line = raw.TrimEnd('\r');
            cancellationToken.ThrowIfCancellationRequested();
            bool matches;
            try
            {
                matches = regex.IsMatch(line);
            }
            catch (RegexMatchTimeoutException)
            {
                throw new ToolFailure(ToolErrorKind.Timeout, $"the pattern took too long on {file}:{number}; use a simpler one");
            }

            if (!matches)
                continue;
            if (++count > MaxHits)
                return;
            hits.Append($"{file}:{number}: ").AppendCut(line.Trim(), MaxLineCharacters).Append('\n');
        }
    }

    /// <summary>The text of a file; null where it is binary, too large or not readable, which a search passes over.</summary>
    private string? ReadText(string file)
    {
        try
        {
            var path = Context.Paths.Resolve(file);
            return new FileInfo(path.Absolute).Length <= MaxFileBytes ? TextFile.Read(path).Text : null;
        }
        catch (Exception failure) when (failure is ToolFailure or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
