namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary><c>uses: mcp:SERVER/TOOL</c>: calls an MCP server's tool. Outputs: <c>text</c>, and <c>json</c> where the answer is JSON.</summary>
/// <param name="Server">Name of the server.</param>
/// <param name="Tool">Name of the tool.</param>
/// <param name="With">Its arguments.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record McpAction(string Server, string Tool, MapValue With, Mark Mark) : StepAction(Mark)
{
    /// <inheritdoc/>
    public override string Key => "uses";
}
