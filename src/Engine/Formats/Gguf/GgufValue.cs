namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>One metadata value.</summary>
/// <param name="Type">Its type in the file.</param>
/// <param name="Value">
/// The value as the .NET type of the same name; for an array a .NET array of them (<see cref="uint"/>[], <see cref="string"/>[] …).
/// </param>
public readonly record struct GgufValue(GgufValueType Type, object Value);
