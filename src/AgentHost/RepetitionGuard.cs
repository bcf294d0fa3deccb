namespace AgentRuntime.AgentHost;

/// <summary>Notices a model that makes the same call again and again.</summary>
/// <param name="limit">The occurrence in a row, from 2, that is refused; the next one ends the run.</param>
internal sealed class RepetitionGuard(int limit)
{
    private (string Name, string Arguments) _last;
    private int _count;

    /// <summary>Notes a call.</summary>
    /// <returns>Null to go on, or the error that the model gets instead of running the call again.</returns>
    /// <exception cref="NoProgressException">The refused call was made yet again.</exception>
    public string? Observe(string name, string arguments)
    {
        _count = (name, arguments) == _last ? _count + 1 : 1;
        _last = (name, arguments);
        if (_count < limit) return null;
        if (_count == limit) return $"this same call was already made {limit - 1} times in a row; do something else";
        throw new NoProgressException($"The model made the same call of {name} {_count} times in a row and was stopped; give it a more exact task.");
    }
}
