namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>Adds up what two loaders in turn report of one file, each a share of the whole.</summary>
internal sealed class LoadProgress(IProgress<double>? whole) : IProgress<double>
{
    private double _before;
    private double _last;

    public void Report(double value)
    {
        _last = value;
        whole?.Report(Math.Min(1, _before + value));
    }

    /// <summary>The second loader begins.</summary>
    public void Next() => _before = _last;
}
