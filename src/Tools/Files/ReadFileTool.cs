using System.Text;

namespace AgentRuntime.Tools.Files;

/// <summary>Shows a text file, or a range of its lines, with line numbers.</summary>
public sealed class ReadFileTool(ToolContext context) : RepositoryTool(
    context, "read_file", "Reads a text file. Each line is shown with its number.",
    new("path", "string", "The file, from the repository's root.") { Source = context.Grounding.Files },
    new("start", "integer", "First line, from 1.", Required: false),
    new("end", "integer", "Last line.", Required: false))
{
    private const int MaxLines = 1000;
    private const int MaxCharacters = 40_000;
    private const int MaxLineCharacters = 2000;

    /// <inheritdoc/>
    public override bool IsReadOnly => true;

    private protected override Task<ToolResult> RunAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        var path = Context.Paths.Resolve(arguments.String("path"));
        var text = TextFile.Read(path).Text;
        if (text.Length == 0)
            return Task.FromResult(new ToolResult("(empty file)"));

        var total = text.AsSpan().Count('\n') + (text.EndsWith('\n') ? 0 : 1);
        var start = arguments.OptionalInteger("start") ?? 1;
        var end = Math.Min(arguments.OptionalInteger("end") ?? total, total);
        if (start < 1 || start > total)
            throw new ToolFailure(ToolErrorKind.InvalidArguments, $"{path} has lines 1 to {total}; start {start} is not among them");
        if (end < start)
            throw new ToolFailure(ToolErrorKind.InvalidArguments, $"end is before start {start}");

        var shown = new StringBuilder();
        var number = 0;
        var last = start - 1;
        foreach (var line in text.AsSpan().EnumerateLinesByFeed())
        {
            if (++number < start)
                continue;
            if (number > end || number - start == MaxLines || shown.Length > MaxCharacters)
                break;
            cancellationToken.ThrowIfCancellationRequested();
            shown.Append(number).Append(": ").AppendCut(line.TrimEnd('\r'), MaxLineCharacters).Append('\n');
            last = number;
        }

        if (last < end)
            shown.Append($"[lines {start} to {last} of {total}; read on with start {last + 1}]");
        else
            shown.Length--;
        return Task.FromResult(new ToolResult(shown.ToString()));
    }
}
