using AgentRuntime.Tools.Approval;

namespace AgentRuntime.Tools.Files;

/// <summary>Creates a file or replaces all of it, keeping line ends, byte order mark and permissions of the file it replaces.</summary>
public sealed class WriteFileTool(ToolContext context) : RepositoryTool(
    context, "write_file", "Creates a file or replaces its whole content.",
    new("path", "string", "The file, from the repository's root."),
    new("content", "string", "The whole new content."))
{
    /// <inheritdoc/>
    public override bool IsReadOnly => false;

    private protected override async Task<ToolResult> RunAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var path = Context.Paths.Resolve(arguments.String("path"));
        var content = arguments.String("content");
        var lines = content.AsSpan().Count('\n') + (content.Length == 0 || content.EndsWith('\n') ? 0 : 1);

        var old = path.IsFolder || Path.Exists(path.Absolute) ? TextFile.ReadBytes(path) : null;
        var oldText = old is null ? null : DecodeOld(old);
        if (oldText is { UsesCrLf: true })
            content = TextFile.ToCrLf(content);
        var bytes = oldText is { Text.Length: > 0 } ? oldText.Encode(content, path) : TextFile.EncodeNew(content);

        var diff = UnifiedDiff.Create(path.Relative, old is null ? null : oldText?.Text ?? "", content);
        var asked = await ApproveAsync(ApprovalKind.Edit, diff, cancellationToken).ConfigureAwait(false);
        var result = $"wrote {path} ({lines} lines)";
        arguments.Service<IProgress<FileChange>>()?.Report(new(path.Absolute, old, bytes, result));
        AtomicFile.Write(Context.Paths, path, old, bytes);
        return new ToolResult(result) { Diff = diff, ApprovalTime = asked };
    }

    // A binary file may be replaced by text; there is nothing of it to keep.
    private static TextFile? DecodeOld(byte[] bytes)
    {
        try
        {
            return TextFile.TryDecode(bytes);
        }
        catch (System.Text.DecoderFallbackException)
        {
            return null;
        }
    }
}
