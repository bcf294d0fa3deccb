namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>What holding edits to a file cost.</summary>
/// <param name="Bytes">Size of the file.</param>
/// <param name="AutomatonMs">Milliseconds to make the automaton of its parts; the median.</param>
/// <param name="FirstMaskUs">Microseconds of the very first mask within a text of the file; the file's automaton keeps it.</param>
/// <param name="Calls">Calls that were written.</param>
/// <param name="TokenUs">Microseconds for each further token of such a text: mask, forced text and state together. In ascending order.</param>
/// <param name="Forced">How many of them had to be as they were, so that no model is asked.</param>
public sealed record GroundingBenchmarkResult(int Bytes, double AutomatonMs, double FirstMaskUs, int Calls, IReadOnlyList<double> TokenUs, int Forced);
