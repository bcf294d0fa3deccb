namespace AgentRuntime.Engine.Tokenization;

/// <summary>What a vocabulary entry is. The values are GGUF's.</summary>
public enum TokenType
{
    /// <summary>Not stated.</summary>
    Undefined = 0,
    /// <summary>Ordinary text.</summary>
    Normal = 1,
    /// <summary>Stands for what the vocabulary cannot write.</summary>
    Unknown = 2,
    /// <summary>A control token: never made from a user's text, not shown.</summary>
    Control = 3,
    /// <summary>Added text that is always one token.</summary>
    UserDefined = 4,
    /// <summary>Reserved.</summary>
    Unused = 5,
    /// <summary>A raw byte, written <c>&lt;0xNN&gt;</c>.</summary>
    Byte = 6,
}
