using System.Diagnostics;

namespace AgentRuntime.Tools.Sandbox;

/// <summary>Runs commands with the user's own rights, in a process group of their own and with the short environment.</summary>
public sealed class NoSandbox : ISandbox
{
    private static readonly string? SetSid = SandboxProbe.FindProgram("setsid");

    /// <inheritdoc/>
    public bool IsConfined => false;

    /// <inheritdoc/>
    public ProcessStartInfo CreateStartInfo(SandboxMounts mounts, IReadOnlyList<string> program)
    {
        // setsid keeps the process id (a process that .NET starts leads no group), so the id names the group to end.
        var command = SetSid is null ? program : [SetSid, .. program];
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { UseShellExecute = false, WorkingDirectory = mounts.Repository };
        start.Environment.Clear();
        foreach (var (name, value) in CommandEnvironment.Create(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)))
            start.Environment[name] = value;
        return start;
    }
}
