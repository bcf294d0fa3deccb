namespace AgentRuntime.Engine.Grammar;

/// <summary>A constraint that cannot be held to: broken, contradictory, too large, or of a kind that is not supported. The message names the place.</summary>
public sealed class GrammarException : EngineException
{
    /// <summary>Creates the error with its sentence.</summary>
    public GrammarException(string message) : base(message) { }
}
