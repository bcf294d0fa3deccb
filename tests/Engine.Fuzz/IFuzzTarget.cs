namespace AgentRuntime.Engine.Fuzz;

/// <summary>A parser that mutated input is thrown at. To add one, implement this and list it in <see cref="FuzzTargets"/>.</summary>
internal interface IFuzzTarget
{
    /// <summary>Name on the command line.</summary>
    string Name { get; }

    /// <summary>Small valid inputs that the mutations start from.</summary>
    IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Byte sequences that mean something in the format, to be inserted; may be empty.</summary>
    IReadOnlyList<byte[]> Dictionary { get; }

    /// <summary>Most bytes that one case may allocate in all, freed or not.</summary>
    long MostBytes => 200_000_000;

    /// <summary>
    /// Parses an input and uses the result. Returns whether it was accepted; an <see cref="EngineException"/> counts as
    /// refused. Any other exception, a disagreement with an oracle included, is a failure.
    /// </summary>
    bool Run(byte[] input);
}
