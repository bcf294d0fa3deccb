using AgentRuntime.Tools.Approval;

namespace AgentRuntime.Tools.Files;

/// <summary>Replaces a text that occurs exactly once in a file.</summary>
public sealed class EditFileTool(ToolContext context) : RepositoryTool(
    context, "edit_file", "Replaces a text in a file. The old text must match exactly and occur once.",
    new("path", "string", "The file, from the repository's root.") { Source = context.Grounding.Files },
    new("old", "string", "The text to replace, copied exactly, without line numbers.") { Source = context.Grounding.PartOfFile },
    new("new", "string", "The text that takes its place."))
{
    private const int MaxLinesNamed = 20;

    /// <inheritdoc/>
    public override bool IsReadOnly => false;

    private protected override async Task<ToolResult> RunAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var path = Context.Paths.Resolve(arguments.String("path"));
        var (before, after) = (arguments.String("old"), arguments.String("new"));
        if (before.Length == 0)
            throw new ToolFailure(ToolErrorKind.InvalidArguments, "old is empty; write_file creates a file");
        if (before == after)
            throw new ToolFailure(ToolErrorKind.InvalidArguments, "old and new are the same; nothing to change");

        var file = TextFile.Read(path);
        var matches = Find(file, ref before);
        if (matches.Count == 0)
            throw new ToolFailure(ToolErrorKind.NoMatch, $"old text not found in {path}; read the file and copy the text exactly");
        if (matches.Count > 1)
        {
            var lines = string.Join(", ", matches.Take(MaxLinesNamed).Select(match => LineOf(file.Text, match)));
            if (matches.Count > MaxLinesNamed)
                lines += ", …";
            throw new ToolFailure(ToolErrorKind.Ambiguous,
                $"old text occurs {matches.Count} times in {path} (lines {lines}); include more of the surrounding text");
        }

        // Models write \n; a file that ends its lines with \r\n keeps doing so.
        if (file.UsesCrLf)
            after = TextFile.ToCrLf(after);
        var text = string.Concat(file.Text.AsSpan(0, matches[0]), after, file.Text.AsSpan(matches[0] + before.Length));
        var bytes = file.Encode(text, path);

        var diff = UnifiedDiff.Create(path.Relative, file.Text, text);
        var asked = await ApproveAsync(ApprovalKind.Edit, diff, cancellationToken).ConfigureAwait(false);
        var result = $"edited {path}:{LineOf(file.Text, matches[0])}";
        arguments.Service<IProgress<FileChange>>()?.Report(new(path.Absolute, file.Bytes, bytes, result));
        AtomicFile.Write(Context.Paths, path, file.Bytes, bytes);
        return new ToolResult(result) { Diff = diff, ApprovalTime = asked };
    }

    /// <summary>Where the old text starts. Line ends of the other kind are tried when those given do not match; where the file ends its lines with \r\n, they go first, for a \n alone would match the half of one.</summary>
    private static List<int> Find(TextFile file, ref string old)
    {
        var crLf = TextFile.ToCrLf(old);
        var other = crLf == old ? old.Replace("\r\n", "\n", StringComparison.Ordinal) : crLf;
        var (first, second) = file.UsesCrLf && other == crLf ? (other, old) : (old, other);
        var matches = FindExactly(file.Text, old = first);
        return matches.Count > 0 || first == second ? matches : FindExactly(file.Text, old = second);
    }

    private static List<int> FindExactly(string text, string old)
    {
        var matches = new List<int>();
        for (var at = text.IndexOf(old, StringComparison.Ordinal); at >= 0; at = text.IndexOf(old, at + 1, StringComparison.Ordinal))
            matches.Add(at);
        return matches;
    }

    private static int LineOf(string text, int position) => text.AsSpan(0, position).Count('\n') + 1;
}
