namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>JSON schema's types; a number that need not be an integer is both of the two.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Fraction = 4,
    Integer = 8,
    Number = Fraction | Integer,
    String = 16,
    Array = 32,
    Object = 64,
    All = 127,
}
