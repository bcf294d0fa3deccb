using System.Diagnostics;

namespace AgentRuntime.Tools.Sandbox;

/// <summary>
/// Runs commands under bubblewrap: no network, no other processes in sight, the disk read-only except for the repository
/// and a /tmp of their own, a short environment. When the command ends, all that it started ends with it.
/// </summary>
/// <param name="executable">The path of <c>bwrap</c>.</param>
public sealed class BubblewrapSandbox(string executable) : ISandbox
{
    private const string Home = "/tmp/home";

    /// <inheritdoc/>
    public bool IsConfined => true;

    /// <inheritdoc/>
    public ProcessStartInfo CreateStartInfo(SandboxMounts mounts, IReadOnlyList<string> program)
    {
        var start = new ProcessStartInfo(executable) { UseShellExecute = false, WorkingDirectory = mounts.Repository };
        start.Environment.Clear();
        var arguments = start.ArgumentList;
        void Add(params ReadOnlySpan<string> values)
        {
            foreach (var value in values)
                arguments.Add(value);
        }

        Add("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL");
        Add("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc");
        // Sockets in /run (a container daemon's, the session bus) are ways out that no read-only mount closes.
        if (Directory.Exists("/run"))
            Add("--tmpfs", "/run");
        Add("--tmpfs", "/tmp", "--dir", Home);
        // NixOS keeps its programs below /run.
        Add("--ro-bind-try", "/run/current-system", "/run/current-system");
        // After /tmp, for a repository below /tmp must stay in sight.
        Add("--bind", mounts.Repository, mounts.Repository);
        foreach (var path in mounts.ReadOnly)
            Add("--ro-bind", path, path);

        Add("--clearenv");
        foreach (var (name, value) in CommandEnvironment.Create(Home))
            Add("--setenv", name, value);
        Add("--chdir", mounts.Repository, "--");
        foreach (var value in program)
            arguments.Add(value);
        return start;
    }
}
