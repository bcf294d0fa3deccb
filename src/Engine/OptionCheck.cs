namespace AgentRuntime.Engine;

/// <summary>Range checks of option records, with one wording.</summary>
internal static class OptionCheck
{
    /// <exception cref="EngineException">The condition does not hold.</exception>
    public static void Require(bool holds, string name, string range, object? value)
    {
        if (!holds) throw new EngineException(FormattableString.Invariant($"{name} must be {range}, but is {value}."));
    }
}
