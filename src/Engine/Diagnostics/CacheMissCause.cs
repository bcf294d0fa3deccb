namespace AgentRuntime.Engine.Diagnostics;

/// <summary>Why a prefix that was expected to be resident was not.</summary>
public enum CacheMissCause
{
    /// <summary>The front of the prompt, up to the end of its first message, is another.</summary>
    ChangedSystemPrompt,
    /// <summary>The front holds the same words in another order: usually tools that are not sorted.</summary>
    ReorderedTools,
    /// <summary>An earlier message is written differently than before, by the caller or by the chat template.</summary>
    RewrittenHistory,
    /// <summary>The text is the same, its tokens are not.</summary>
    OtherTokenization,
    /// <summary>The tokens are the same, but their keys and values were evicted.</summary>
    EvictedBlock,
}
