using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost;

/// <summary>
/// The front of every run, from what changes least to what changes most: system text, tools (the chat template puts them
/// there), AGENTS.md, task. Nothing volatile stands before the task, so that two runs on one repository share it byte for byte.
/// </summary>
public static class AgentPrompt
{
    /// <summary>Bytes of AGENTS.md that are read; a longer one is refused, since cutting it would drop rules silently.</summary>
    public const int MaxInstructionBytes = 64 * 1024;

    /// <summary>The system text.</summary>
    public const string System =
        "You are a coding agent. You work in a repository with tools, one step at a time. " +
        "Find the cause before you edit, change as little as needed, and run the tests after each change. " +
        "When the task is done, answer in one sentence without a tool call.";

    /// <summary>The first messages of a run.</summary>
    /// <param name="repository">Root of the repository.</param>
    /// <param name="task">The task.</param>
    /// <exception cref="AgentException">AGENTS.md is too large.</exception>
    public static IReadOnlyList<ChatMessage> Create(string repository, string task)
    {
        List<ChatMessage> messages = [new(ChatRole.System, System)];
        if (ReadInstructions(repository) is { Length: > 0 } instructions)
            messages.Add(new(ChatRole.System, "AGENTS.md:\n" + instructions));
        messages.Add(new(ChatRole.User, task));
        return messages;
    }

    private static string ReadInstructions(string repository)
    {
        var file = new FileInfo(Path.Combine(repository, "AGENTS.md"));
        // A link could point at any file of the disk, and its contents would go to the model.
        // A pipe has no length, and reading it could block for ever.
        if (!file.Exists || file.LinkTarget is not null || file.Length == 0) return "";
        if (file.Length > MaxInstructionBytes)
            throw new AgentException($"{file.FullName} has {file.Length} bytes; shorten it to at most {MaxInstructionBytes}.");
        return File.ReadAllText(file.FullName).ReplaceLineEndings("\n").TrimEnd();
    }
}
