using System.Text;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>Shows text that comes in pieces. Where there are secrets it shows whole lines only, so that none slips through in two halves.</summary>
internal sealed class StreamMask(RunScope run, string step)
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _line = new();

    public void Push(string text)
    {
        if (run.Secrets.Count == 0)
        {
            run.Show(step, text);
            return;
        }
        using (_gate.EnterScope())
        {
            _line.Append(text);
            var whole = _line.ToString();
            var end = whole.LastIndexOf('\n') + 1;
            if (end == 0) return;
            _line.Clear().Append(whole, end, whole.Length - end);
            run.Show(step, whole[..end]);
        }
    }

    /// <summary>Shows what is left.</summary>
    public void Flush()
    {
        using (_gate.EnterScope())
        {
            run.Show(step, _line.ToString());
            _line.Clear();
        }
    }
}
