using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Chat;

/// <summary>How an <see cref="EngineChatClient"/> is set up.</summary>
public sealed record EngineChatClientOptions
{
    /// <summary>How to generate where a request does not say.</summary>
    public GenerationOptions Generation { get; init; } = new();

    /// <summary>Whether replies are held to well-formed calls of the tools on offer; a required call is in any case.</summary>
    public bool ConstrainToolCalls { get; init; } = true;

    /// <summary>Whether arguments that tools declare as grounded are held to what exists; only where calls are held at all.</summary>
    public bool GroundArguments { get; init; } = true;

    /// <summary>
    /// Whether a tool whose schema the grammar does not support is held to the names of its parameters only; otherwise a
    /// request that offers it is refused.
    /// </summary>
    public bool LoosenUnsupportedSchemas { get; init; }

    /// <summary>Most replies after which a conversation can be continued to the token; the one not used for longest goes first. At least 1.</summary>
    public int MaxConversations { get; init; } = 256;

    /// <summary>Most tokens that those conversations may have together, 4 bytes each; at least 1.</summary>
    public long MaxConversationTokens { get; init; } = 8_000_000;

    /// <summary>How long a conversation is kept after its last use; above zero.</summary>
    public TimeSpan ConversationLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The clock of the lifetime and of the responses.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks that every value is in its range.</summary>
    /// <exception cref="EngineException">One is not; the message names it.</exception>
    public void Validate()
    {
        Generation.Validate();
        OptionCheck.Require(MaxConversations >= 1, nameof(MaxConversations), "at least 1", MaxConversations);
        OptionCheck.Require(MaxConversationTokens >= 1, nameof(MaxConversationTokens), "at least 1", MaxConversationTokens);
        OptionCheck.Require(ConversationLifetime > TimeSpan.Zero, nameof(ConversationLifetime), "above zero", ConversationLifetime);
    }
}
