using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Reading;

namespace AgentRuntime.AgentHost.Tests.Workflows.Reading;

/// <summary>The schema for editors agrees with the reader and with the model.</summary>
public sealed class WorkflowSchemaTests
{
    private static readonly JsonObject Schema = (JsonObject)JsonNode.Parse(WorkflowSchema.Create())!;

    [Fact]
    public void The_file_is_what_the_program_prints() =>
        // After a change: agentrt workflow schema > schemas/workflow.schema.json
        Assert.Equal(WorkflowSchema.Create(), File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "workflow.schema.json")));

    [Theory]
    [InlineData("", typeof(Workflow), "File")]
    [InlineData("defaults", typeof(WorkflowDefaults), "")]
    [InlineData("input", typeof(WorkflowInput), "Name Mark Required DefaultMark OptionsMark")]
    [InlineData("retry", typeof(RetryPolicy), "")]
    [InlineData("server", typeof(McpServer), "Name Mark")]
    public void Its_keys_are_the_properties_of_the_model(string definition, Type type, string beside) =>
        Assert.Equal(Properties(type).Except(beside.Split(' ').Select(Kebab)).Order(), Keys(definition));

    [Fact]
    public void The_keys_of_a_step_are_the_properties_of_a_step_and_of_its_actions()
    {
        string[] beside = ["id", "mark", "action", "definition", "title", "key", "uses-model", "if", "for-each", "text", "task", "command", "tool", "server", "file", "schema-source", "tools", "max-steps", "token-budget", "approval"];
        var properties = new[] { typeof(WorkflowStep), typeof(ToolAction), typeof(McpAction), typeof(WorkflowAction), typeof(RunAction), typeof(PromptAction), typeof(AgentAction) }.SelectMany(Properties).Distinct();
        Assert.Equal(properties.Except(beside).Concat(["uses", "run", "prompt", "agent", "if", "foreach"]).Order(), Keys("step"));
        Assert.Equal(Properties(typeof(AgentAction)).Except(["key", "mark", "uses-model", "max-tokens", "temperature"]).Order(), Keys("agent"));
    }

    [Fact]
    public void Sound_workflows_satisfy_it()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Workflows", "sound"), "*.yaml");
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal([], TinySchema.Check(AsJson(File.ReadAllText(file)), Schema, Schema)));
    }

    [Theory]
    [InlineData("workflow-unknown-key.yaml", "/jobs")]
    [InlineData("workflow-missing-keys.yaml", "/steps")]
    [InlineData("workflow-version-unknown.yaml", "/version")]
    [InlineData("step-unknown-key.yaml", "/steps/a/need")]
    [InlineData("step-two-actions.yaml", "/steps/a")]
    [InlineData("step-no-action.yaml", "/steps/a")]
    [InlineData("step-timeout-without-unit.yaml", "/steps/a/timeout")]
    [InlineData("step-bad-id.yaml", "/steps/1st")]
    [InlineData("session-unknown.yaml", "/steps/a/session")]
    [InlineData("input-unknown-type.yaml", "/inputs/topic")]
    [InlineData("step-temperature.yaml", "/steps/a/temperature")]
    [InlineData("mcp-neither-nor.yaml", "/mcp/one")]
    public void Broken_workflows_do_not(string file, string place)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Workflows", "broken", file));
        Assert.Contains(place, TinySchema.Check(AsJson(text), Schema, Schema));
    }

    private static JsonNode? AsJson(string yaml)
    {
        var problems = new ProblemList("x");
        var root = YamlTree.Read(yaml, problems);
        Assert.Equal(0, problems.Count);
        return ValueReader.AsWritten(root!);
    }

    private static IEnumerable<string> Keys(string definition)
    {
        var map = definition.Length == 0 ? Schema : Schema["$defs"]![definition]!;
        return map["properties"]!.AsObject().Select(p => p.Key).Order();
    }

    private static IEnumerable<string> Properties(Type type) =>
        type.GetProperties(System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Instance).Select(p => Kebab(p.Name));

    private static string Kebab(string name) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(name);
}
