using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>How messages stand in the journal: Microsoft.Extensions.AI's own JSON, which keeps every kind of content.</summary>
internal static class JournalJson
{
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions);

    public static T Read<T>(string json) =>
        JsonSerializer.Deserialize<T>(json, AIJsonUtilities.DefaultOptions) ?? throw new JournalException("The journal holds an empty entry.");
}
