namespace AgentRuntime.Engine.Chat.Jinja;

/// <summary>What a template may use; templates come out of downloaded files, so none of it is left to them.</summary>
internal static class TemplateLimits
{
    /// <summary>Characters of a template's source. Real ones have up to 30,000.</summary>
    public const int SourceLength = 1 << 20;

    /// <summary>How deep expressions and statements may nest in the source.</summary>
    public const int Nesting = 100;

    /// <summary>Operators or accesses in one unbracketed chain.</summary>
    public const int Chain = 1000;

    /// <summary>How deep macros may call each other.</summary>
    public const int CallDepth = 200;

    /// <summary>How deep a value may nest.</summary>
    public const int ValueDepth = 256;

    /// <summary>Characters of one text, the output included.</summary>
    public const int TextLength = 1 << 23;

    /// <summary>Characters and elements of one list or dictionary, all that it holds counted each time it occurs.</summary>
    public const long ValueWeight = 1 << 23;

    /// <summary>Characters that all operations of a rendering may produce together.</summary>
    public const long ProducedText = 1L << 26;

    /// <summary>Evaluated nodes. Real templates take a few hundred for a message.</summary>
    public const long Steps = 2_000_000;

    /// <summary>Bits of a whole number.</summary>
    public const int IntegerBits = 4096;

    /// <summary>Elements of a <c>range</c>, as in Jinja's sandbox.</summary>
    public const int Range = 100_000;

    /// <summary>Time for one rendering.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromSeconds(10);

    /// <summary>Checks the length of a text before it is made.</summary>
    public static int CheckText(long length) => length <= TextLength
        ? (int)length
        : throw new JinjaError($"a text grew beyond {TextLength} characters");

    /// <summary>Checks the weight of a list or dictionary before it is made.</summary>
    public static long CheckWeight(long weight) => weight <= ValueWeight
        ? weight
        : throw new JinjaError("a list or dictionary grew too large");
}
