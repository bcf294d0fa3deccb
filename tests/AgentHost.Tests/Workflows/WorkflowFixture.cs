using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Validation;
using AgentRuntime.Tools;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.AgentHost.Tests.Workflows;

/// <summary>A folder for workflows, and the tools that they may use.</summary>
internal sealed class WorkflowFixture : IDisposable
{
    /// <summary>The built-in tools.</summary>
    public static IToolCatalog Tools { get; } = CreateTools(false);

    /// <summary>The built-in tools, a server <c>web</c> whose tool is known, and a server <c>asleep</c>.</summary>
    public static IToolCatalog WithServers { get; } = CreateTools(true);

    public string Folder { get; } = Directory.CreateTempSubdirectory("agentrt-workflows-").FullName;

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Writes and loads a workflow that begins with version and name.</summary>
    public LoadedWorkflow Load(string text, string name = "w.yaml") => WorkflowLoader.Load(Write(name, "version: 1\nname: Test\n" + text), WithServers);

    public void Dispose() => Directory.Delete(Folder, true);

    private static ToolCatalog CreateTools(bool servers)
    {
        using var gate = new ApprovalGate(new ApprovalPolicy(ApprovalMode.Never, false, true), null);
        var tools = RepositoryTools.Create(new(AppContext.BaseDirectory, new NoSandbox(), gate));
        var fetch = new ToolSignature("fetch", "Fetches a page.", JsonNode.Parse("""
            {
              "type": "object",
              "properties": {
                "url": {"type": "string"},
                "method": {"enum": ["GET", "HEAD"]},
                "options": {"type": "object", "properties": {"depth": {"type": "integer", "minimum": 0, "maximum": 3}, "tags": {"type": "array", "items": {"type": "string"}}}, "required": ["depth"], "additionalProperties": false},
                "body": {"type": ["string", "null"]}
              },
              "required": ["url"]
            }
            """));
        return new(tools, !servers ? null : new Dictionary<string, IReadOnlyList<ToolSignature>?> { ["web"] = [fetch], ["asleep"] = null });
    }
}
