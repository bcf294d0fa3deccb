using System.Numerics;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>The properties that an object has so far.</summary>
/// <param name="Declared">A bit for each declared property.</param>
/// <param name="Others">How many others; counted only as far as it matters.</param>
/// <param name="Keys">What the next name may be; null when no property may follow.</param>
/// <param name="MayClose">Whether the object may end.</param>
internal sealed record SeenProperties(BigInteger Declared, int Others, KeyAutomaton? Keys, bool MayClose);
