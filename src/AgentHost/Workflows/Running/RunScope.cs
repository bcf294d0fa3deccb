using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.AgentHost.Workflows.Events;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>What the workflow of a run and those that it calls have in common.</summary>
internal sealed class RunScope(WorkflowHost host, WorkflowRecorder recorder, WorkflowSecrets secrets)
{
    private readonly Lock _gate = new();
    private readonly long _start = host.Time.GetTimestamp();

    public WorkflowHost Host => host;

    public WorkflowRecorder Recorder => recorder;

    public string Run => recorder.Id;

    /// <summary>The value of <c>secrets</c> in expressions.</summary>
    public JsonObject Secrets => secrets.Values;

    public SecretMask Mask => secrets.Mask;

    public StepMeter Meter { get; } = new();

    /// <summary>Milliseconds since the run, or this process's part of it, began.</summary>
    public double ElapsedMs => host.Time.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>Tells whoever watches, one event at a time.</summary>
    public void Emit(WorkflowEvent value)
    {
        using (_gate.EnterScope()) host.OnEvent?.Invoke(value);
    }

    /// <summary>Shows text of a step.</summary>
    public void Show(string step, string text)
    {
        if (text.Length > 0) Emit(new WorkflowStepOutput(Run, step, Mask.Apply(text)));
    }
}
