using System.Diagnostics;
using AgentRuntime.AgentHost.Workflows.Events;
using AgentRuntime.AgentHost.Workflows.Running;

namespace AgentRuntime.Cli.Output;

/// <summary>What the display knows of a step.</summary>
internal sealed class WorkflowRow(string id)
{
    private long _started;
    private int _begun;
    private int _ended;

    public string Id => id;

    /// <summary>How it ended; null while it has not.</summary>
    public string? Outcome { get; private set; }

    /// <summary>Whether an earlier process of the run did it.</summary>
    public bool Recorded { get; private set; }

    public StepCost Cost { get; private set; } = StepCost.None;

    public string Note { get; set; } = "";

    public double StartMs { get; private set; }

    public double Milliseconds { get => Outcome is null ? Stopwatch.GetElapsedTime(_started).TotalMilliseconds : field; private set; }

    public bool IsRunning => _started != 0 && Outcome is null;

    /// <summary>Items and inner steps: how many have ended of those that have begun; null for a step that has none.</summary>
    public string? Items => _begun == 0 ? null : $"{_ended}/{_begun}";

    public void Started(string step)
    {
        if (_started == 0) _started = Stopwatch.GetTimestamp();
        if (step != id) _begun++;
    }

    public void Completed(WorkflowStepCompleted e)
    {
        if (e.Step != id)
        {
            _ended++;
            // What is recorded never began here.
            _begun = Math.Max(_begun, _ended);
            if (!e.Recorded && e.Outcome == "failure") Note = e.Message ?? "";
            return;
        }
        (Outcome, Recorded, StartMs, Milliseconds, Cost, Note) = (e.Outcome, e.Recorded, e.StartMs, e.DurationMs, e.Cost ?? Cost, e.Message ?? "");
    }
}
