using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentRuntime.Tools;

/// <summary>
/// What a tool call gave: the text for the model, and beside it what a program or a terminal wants to know.
/// Serialises to JSON as its text alone, so that a client that knows only <c>AIFunction</c> sends the model the same.
/// </summary>
[JsonConverter(typeof(ToolResultJsonConverter))]
public sealed record ToolResult
{
    /// <summary>A successful result.</summary>
    /// <param name="text">What the model reads, without a trailing newline.</param>
    public ToolResult(string text) => Text = text;

    /// <summary>A failed result whose text is <c>error: </c> and the message.</summary>
    public static ToolResult Failed(ToolErrorKind kind, string message) =>
        new("error: " + message) { ErrorKind = kind };

    /// <summary>What the model reads, without a trailing newline.</summary>
    public string Text { get; init; }

    /// <summary>Why the call failed; null when it succeeded. A command that ran and exited with another code than 0 succeeded.</summary>
    public ToolErrorKind? ErrorKind { get; init; }

    /// <summary>The error kind as it is written to JSON, for instance <c>not_found</c>; null when the call succeeded.</summary>
    public string? ErrorKindName =>
        ErrorKind is { } kind ? JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString()) : null;

    /// <summary>Whether the call failed.</summary>
    public bool IsError => ErrorKind is not null;

    /// <summary>The unified diff of the file that the call changed; null when it changed none.</summary>
    public string? Diff { get; init; }

    /// <summary>The exit code of the command that the call ran; null when it ran none, or ended it at its timeout.</summary>
    public int? ExitCode { get; init; }

    /// <summary>How much of the call's time passed while a person was asked.</summary>
    public TimeSpan ApprovalTime { get; init; }

    /// <summary>The text for the model.</summary>
    public override string ToString() => Text;
}
