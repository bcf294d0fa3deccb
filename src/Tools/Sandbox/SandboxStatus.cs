namespace AgentRuntime.Tools.Sandbox;

/// <summary>Whether commands can be confined on this machine.</summary>
/// <param name="Sandbox">Where commands run: bubblewrap where it works, else without a sandbox.</param>
/// <param name="Works">Whether bubblewrap works here.</param>
/// <param name="Detail">The path of bubblewrap, or one sentence that says why it does not work and what to do.</param>
public sealed record SandboxStatus(ISandbox Sandbox, bool Works, string Detail);
