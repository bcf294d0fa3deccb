namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>A map with fixed keys.</summary>
/// <param name="Noun">For sentences: "a step".</param>
/// <param name="Definition">Its name in the JSON schema.</param>
/// <param name="Keys">Its keys.</param>
internal sealed record MapShape(string Noun, string Definition, params IReadOnlyList<KeyShape> Keys);

/// <summary>A key of a map.</summary>
/// <param name="Name">The key.</param>
/// <param name="Description">What it says, in one sentence.</param>
/// <param name="Schema">JSON schema of its value, for editors.</param>
/// <param name="Required">Whether the map must have it.</param>
internal sealed record KeyShape(string Name, string Description, string Schema, bool Required = false);
