using System.Globalization;

namespace AgentRuntime.AgentHost.Tests.Workflows;

/// <summary>Counts that an environment variable raises for a long proof.</summary>
internal static class Counts
{
    public static int Of(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var count) ? count : usual;
}
