using System.Diagnostics;

namespace AgentRuntime.Tools.Sandbox;

/// <summary>Where commands run.</summary>
public interface ISandbox
{
    /// <summary>Whether commands are confined.</summary>
    bool IsConfined { get; }

    /// <summary>How to start a program: what to run, with which arguments, environment and working folder. Redirections are the caller's.</summary>
    /// <param name="mounts">What the program may see and change.</param>
    /// <param name="program">The program and its arguments.</param>
    ProcessStartInfo CreateStartInfo(SandboxMounts mounts, IReadOnlyList<string> program);
}
