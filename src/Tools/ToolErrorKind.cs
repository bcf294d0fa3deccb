namespace AgentRuntime.Tools;

/// <summary>Why a tool call failed; <see cref="ToolResult.ErrorKindName"/> gives the name that is written to JSON.</summary>
public enum ToolErrorKind
{
    /// <summary>The file, folder or git repository does not exist.</summary>
    NotFound,

    /// <summary>The path leads out of the repository.</summary>
    OutsideRepository,

    /// <summary>The text to replace occurs more than once.</summary>
    Ambiguous,

    /// <summary>The text to replace does not occur.</summary>
    NoMatch,

    /// <summary>Refused: by the user, by the approval mode, or because tools never touch the path.</summary>
    Denied,

    /// <summary>The call took longer than it may.</summary>
    Timeout,

    /// <summary>An argument is missing, unknown, of the wrong type or out of range.</summary>
    InvalidArguments,

    /// <summary>The path is no text file: a folder, a binary file, a pipe or a device, or a file too large.</summary>
    NotText,

    /// <summary>The file changed between the plan and the write.</summary>
    Conflict,

    /// <summary>The operating system refused: permissions, a full disk, a program that does not start.</summary>
    System,

    /// <summary>There is no tool of that name.</summary>
    UnknownTool,

    /// <summary>Not run, because the model makes the same call again and again.</summary>
    NoProgress,

    /// <summary>The call had started when its process died, and may or may not have had its effect.</summary>
    Interrupted,
}
