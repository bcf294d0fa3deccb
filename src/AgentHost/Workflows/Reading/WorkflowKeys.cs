namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>The keys of every map in a workflow, with what editors are told about them. The reader accepts these and no others.</summary>
internal static class WorkflowKeys
{
    private const string Text = """{"type": "string"}""";
    private const string Bool = """{"type": "boolean"}""";
    private const string Map = """{"type": "object"}""";
    private const string Scalars = """{"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}""";
    private const string Duration = """{"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"}""";
    private const string Tokens = """{"type": "integer", "minimum": 1, "maximum": 1000000}""";
    private const string Temperature = """{"type": "number", "minimum": 0, "maximum": 10}""";
    private const string Parallel = """{"type": "integer", "minimum": 1, "maximum": 64}""";
    private const string Retry = """{"anyOf": [{"type": "integer", "minimum": 1, "maximum": 20}, {"$ref": "#/$defs/retry"}]}""";

    public static MapShape Workflow { get; } = new("a workflow", "workflow",
        new("version", "Version of the language.", """{"const": 1}""", Required: true),
        new("name", "Name of the workflow, for people.", """{"type": "string", "minLength": 1}""", Required: true),
        new("description", "What the workflow does.", Text),
        new("inputs", "What the workflow is given: a type, or a map with type, default, description and options.", """{"type": "object", "propertyNames": {"$ref": "#/$defs/id"}, "additionalProperties": {"anyOf": [{"$ref": "#/$defs/inputType"}, {"$ref": "#/$defs/input"}]}}"""),
        new("outputs", "What the workflow gives back; may refer to every step.", """{"type": "object", "propertyNames": {"$ref": "#/$defs/id"}}"""),
        new("env", "Values for ${{ env.NAME }}, and environment variables of commands.", Scalars),
        new("defaults", "What steps get that do not say otherwise.", """{"$ref": "#/$defs/defaults"}"""),
        new("mcp", "MCP servers by name.", """{"type": "object", "propertyNames": {"$ref": "#/$defs/id"}, "additionalProperties": {"$ref": "#/$defs/server"}}"""),
        new("steps", "The steps by id.", """{"type": "object", "minProperties": 1, "propertyNames": {"$ref": "#/$defs/id"}, "additionalProperties": {"$ref": "#/$defs/step"}}""", Required: true));

    public static MapShape Step { get; } = new("a step", "step",
        new("name", "Name of the step, for people.", Text),
        new("uses", "Calls a built-in tool (read_file), an MCP server's tool (mcp:SERVER/TOOL), or another workflow (./other.yaml).", """{"type": "string", "minLength": 1}"""),
        new("run", "Runs a shell command.", """{"type": "string", "minLength": 1}"""),
        new("prompt", "Asks a model for one reply.", """{"type": "string", "minLength": 1}"""),
        new("agent", "Runs an agent: its task, or a map with task, tools and limits.", """{"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/agent"}]}"""),
        new("with", "Arguments of the tool, or inputs of the workflow, that 'uses' names.", Map),
        new("needs", "Ids of the steps that come before this one.", """{"anyOf": [{"$ref": "#/$defs/id"}, {"type": "array", "items": {"$ref": "#/$defs/id"}}]}"""),
        new("if", "Skips the step when it is false.", """{"type": ["string", "boolean"]}"""),
        new("foreach", "Runs the step once for each entry of a list, which expressions see as item.", """{"type": ["string", "array"]}"""),
        new("max-parallel", "Most entries of foreach at a time.", Parallel),
        new("retry", "How often a failed step is tried again, or a map with max, backoff, jitter and on.", Retry),
        new("timeout", "Longest time of one attempt, such as 30s or 5m.", Duration),
        new("continue-on-error", "Whether the steps that need this one run although it failed.", Bool),
        new("outputs", "Further outputs, computed from result.", """{"type": "object", "propertyNames": {"$ref": "#/$defs/id"}}"""),
        new("env", "Environment variables of the command.", Scalars),
        new("session", "The conversation: new, shared:NAME or fork:STEP.", """{"type": "string", "pattern": "^(new|(shared|fork):[A-Za-z_][A-Za-z0-9_-]{0,63})$"}"""),
        new("model", "Path or name of the model.", """{"type": "string", "minLength": 1}"""),
        new("system", "System message of a prompt's new conversation.", Text),
        new("schema", "JSON schema of the prompt's answer.", Map),
        new("max-tokens", "Most tokens of a reply.", Tokens),
        new("temperature", "Temperature of the sampler; 0 for the likeliest token each time.", Temperature));

    public static MapShape Defaults { get; } = new("'defaults'", "defaults",
        [.. new[] { "model", "timeout", "retry", "max-parallel", "max-tokens", "temperature" }.Select(name => Step.Keys.Single(k => k.Name == name))]);

    public static MapShape Input { get; } = new("an input", "input",
        new("type", "What the input holds.", """{"$ref": "#/$defs/inputType"}"""),
        new("description", "What the input is for.", Text),
        new("default", "The value when it is not given; without one the input has to be given.", "true"),
        new("options", "The values that are allowed.", """{"type": "array", "minItems": 1}"""));

    public static MapShape RetryPolicy { get; } = new("'retry'", "retry",
        new("max", "How often the step is tried again.", """{"type": "integer", "minimum": 1, "maximum": 20}""", Required: true),
        new("backoff", "Delay before the second attempt; doubled each time.", Duration),
        new("jitter", "Whether delays vary by chance.", Bool),
        new("on", "After what it is tried again.", """{"anyOf": [{"enum": ["error", "timeout"]}, {"type": "array", "minItems": 1, "items": {"enum": ["error", "timeout"]}}]}"""));

    public static MapShape Agent { get; } = new("'agent'", "agent",
        new("task", "What the agent is to do.", """{"type": "string", "minLength": 1}""", Required: true),
        new("tools", "Names of its tools; all built-in ones when absent.", """{"type": "array", "items": {"type": "string"}}"""),
        new("max-steps", "Most steps.", """{"type": "integer", "minimum": 1, "maximum": 1000}"""),
        new("token-budget", "Most tokens in its conversation.", """{"type": "integer", "minimum": 1, "maximum": 10000000}"""),
        new("approval", "Who decides about its edits and commands; cannot allow more than the workflow's.", """{"enum": ["ask", "auto", "never"]}"""));

    public static MapShape Server { get; } = new("an MCP server", "server",
        new("command", "The program to start.", """{"type": "string", "minLength": 1}"""),
        new("args", "The program's arguments.", """{"type": "array", "items": {"type": ["string", "number", "boolean"]}}"""),
        new("env", "Environment variables of the program.", Scalars),
        new("url", "Address of a running server.", """{"type": "string", "minLength": 1}"""),
        new("headers", "HTTP headers to send to it.", Scalars),
        new("timeout", "Longest time to start, and of one call.", Duration));

    public static IReadOnlyList<MapShape> All { get; } = [Workflow, Step, Defaults, Input, RetryPolicy, Agent, Server];
}
