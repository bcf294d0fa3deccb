namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>What an input holds.</summary>
public enum InputType
{
    /// <summary>Text.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number.</summary>
    Number,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>A list; a JSON array on the command line.</summary>
    List,

    /// <summary>A map; a JSON object on the command line.</summary>
    Object,
}
