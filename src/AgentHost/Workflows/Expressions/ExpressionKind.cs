namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>The kinds of values.</summary>
public enum ExpressionKind
{
    /// <summary>Not known before it runs.</summary>
    Any,

    /// <summary>Null.</summary>
    Null,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>A number.</summary>
    Number,

    /// <summary>Text.</summary>
    String,

    /// <summary>A list.</summary>
    List,

    /// <summary>A map of names to values.</summary>
    Object,
}
