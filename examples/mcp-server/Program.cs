using IssueServer;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

// An issue tracker in 60 lines that speaks the Model Context Protocol on standard input and output.
// The issues are files of a folder: issue-server FOLDER. Try it: agentrt workflow run examples/workflows/label-issues.yaml
if (args is not [var folder] || !Directory.Exists(folder))
{
    Console.Error.WriteLine("issue-server: name the folder of the issues: issue-server FOLDER");
    return 2;
}

var tracker = new Tracker(folder);
var options = new McpServerOptions
{
    ServerInfo = new Implementation { Name = "issue-server", Version = "1.0" },
    ToolCollection =
    [
        McpServerTool.Create(tracker.List, new() { Name = "list_issues", Description = "The numbers of the issues, one a line.", ReadOnly = true }),
        McpServerTool.Create(tracker.Read, new() { Name = "read_issue", Description = "The text of an issue and its label.", ReadOnly = true }),
        McpServerTool.Create(tracker.Label, new() { Name = "label_issue", Description = "Gives an issue a label, in place of the one that it had.", Idempotent = true }),
    ],
};
await using var transport = new StdioServerTransport("issue-server");
await using var server = McpServer.Create(transport, options);
await server.RunAsync();
return 0;
