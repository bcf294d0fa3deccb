namespace AgentRuntime.Server.Responses;

/// <summary>A function that the client shall call.</summary>
internal sealed record FunctionCallItem(string Id, string Status, string CallId, string Name, string Arguments)
{
    public string Type { get; } = "function_call";
}
