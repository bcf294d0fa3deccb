namespace AgentRuntime.Engine;

/// <summary>A request needs more context than the model, the session or the KV cache can hold. Nothing was truncated.</summary>
public sealed class ContextOverflowException : EngineException
{
    /// <summary>Creates the error.</summary>
    /// <param name="required">Tokens that the request needs in all.</param>
    /// <param name="available">Tokens that can be held.</param>
    public ContextOverflowException(long required, long available)
        : base($"The conversation needs {required} tokens, but only {available} fit; start a new conversation or raise the context limit.")
    {
        Required = required;
        Available = available;
    }

    /// <summary>Tokens that the request needs in all.</summary>
    public long Required { get; }

    /// <summary>Tokens that can be held.</summary>
    public long Available { get; }
}
