using System.Text;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>Reads a workflow's file into the model. It checks everything that can be told without looking at other places; the rest is the validator's part.</summary>
public static class WorkflowReader
{
    /// <summary>Most bytes of a file.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Most steps of a workflow.</summary>
    public const int MaxSteps = 500;

    /// <summary>The keys of an MCP server that is started, not connected to.</summary>
    private static readonly string[] StartedOnly = ["args", "env"];

    /// <summary>Reads a file.</summary>
    /// <param name="problems">Names the file and receives what is wrong with it.</param>
    /// <returns>The workflow, as far as it could be read; null when it has no steps that could be.</returns>
    public static Workflow? ReadFile(ProblemList problems)
    {
        var text = ReadText(problems);
        return text is null ? null : Read(text, problems);
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The file's content.</param>
    /// <param name="problems">Names the file and receives what is wrong with it.</param>
    /// <returns>The workflow, as far as it could be read; null when it has no steps that could be.</returns>
    public static Workflow? Read(string text, ProblemList problems)
    {
        var root = YamlTree.Read(text, problems);
        if (root is null) return null;
        if (root is not SourceMap map)
        {
            problems.Add(root.Mark, $"the file holds {root.Noun}; expected a workflow with version, name and steps");
            return null;
        }
        var values = new ValueReader(new(text), problems);
        var reader = new MapReader(map, WorkflowKeys.Workflow, values, Mark.Start);
        if (reader.Name("version") is { } version && version != $"{Workflow.CurrentVersion}")
            problems.Add(reader.ValueMark("version"), $"version '{version}' is not known; expected {Workflow.CurrentVersion}, the only version there is");
        var defaults = Defaults(reader.Fixed("defaults", WorkflowKeys.Defaults));
        return new()
        {
            File = problems.File,
            Name = reader.Name("name") ?? "",
            Description = reader.Name("description"),
            Inputs = Inputs(reader, values),
            Outputs = reader.Named("outputs", "an output"),
            Env = [.. reader.Variables("env", "the variable").Where(e => Identifiers.Check(e.Name, e.Mark, "a variable", problems))],
            Defaults = defaults,
            Mcp = Servers(reader, values),
            Steps = Steps(reader, values, defaults),
        };
    }

    private static string? ReadText(ProblemList problems)
    {
        var path = problems.File;
        try
        {
            if (Directory.Exists(path)) return Nothing("this is a folder; name a workflow's YAML file in it");
            // Read no further than the limit: the length of a device or a pipe says nothing.
            using var file = File.OpenRead(path);
            var buffer = new byte[MaxBytes + 1];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MaxBytes) return Nothing($"the file is larger than {MaxBytes / 1024} KiB; split it into workflows that call each other");
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer.AsSpan(0, length));
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Nothing("the file does not exist; name a workflow's YAML file");
        }
        catch (DecoderFallbackException)
        {
            return Nothing("the file is not UTF-8 text; save it as UTF-8");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Nothing("the file cannot be read: " + e.Message.ReplaceLineEndings(" ").TrimEnd('.'));
        }

        string? Nothing(string message)
        {
            problems.Add(Mark.Start, message);
            return null;
        }
    }

    private static WorkflowDefaults Defaults(MapReader? map) => map is null ? new() : new()
    {
        Model = map.Name("model"),
        Timeout = map.Duration("timeout"),
        Retry = StepReader.Retry(map),
        MaxParallel = map.Integer("max-parallel", 1, 64),
        MaxTokens = map.Integer("max-tokens", 1, 1_000_000),
        Temperature = map.Number("temperature", 0, 10),
    };

    private static List<WorkflowInput> Inputs(MapReader workflow, ValueReader values)
    {
        List<WorkflowInput> inputs = [];
        foreach (var entry in Entries(workflow, "inputs", "a map of names to types"))
        {
            if (!Identifiers.Check(entry.Key, entry.Mark, "an input", values.Problems)) continue;
            var input = new WorkflowInput { Name = entry.Key, Mark = entry.Mark };
            if (entry.Value is SourceMap map)
            {
                var reader = new MapReader(map, WorkflowKeys.Input, values, entry.Mark);
                var fallback = reader.Json("default");
                input = input with
                {
                    Type = reader.Node("type") is { } type ? Type(type, values.Problems) : InputType.String,
                    Description = reader.Name("description"),
                    Required = !reader.Has("default"),
                    Default = fallback,
                    DefaultMark = reader.ValueMark("default"),
                    Options = Options(reader),
                    OptionsMark = reader.ValueMark("options"),
                };
            }
            else
            {
                input = input with { Type = Type(entry.Value, values.Problems) };
            }
            inputs.Add(input);
        }
        return inputs;
    }

    private static IReadOnlyList<JsonNode?> Options(MapReader input)
    {
        if (!input.Has("options")) return [];
        if (input.Json("options") is JsonArray { Count: > 0 } options) return [.. options];
        input.Wrong<object>("options", input.Node("options")!, "a list of the values that are allowed");
        return [];
    }

    private static InputType Type(SourceNode node, ProblemList problems)
    {
        var names = Enum.GetNames<InputType>().Select(n => n.ToLowerInvariant()).ToList();
        if (node is SourceScalar { Text: var text })
        {
            if (names.Contains(text)) return Enum.Parse<InputType>(text, ignoreCase: true);
            problems.Add(node.Mark, $"there is no type '{text}'; expected one of {string.Join(", ", names)}{Suggestion.For(text, names)}");
        }
        else
        {
            problems.Add(node.Mark, $"the type is {node.Noun}; expected one of {string.Join(", ", names)}");
        }
        return InputType.String;
    }

    private static List<McpServer> Servers(MapReader workflow, ValueReader values)
    {
        List<McpServer> servers = [];
        foreach (var entry in Entries(workflow, "mcp", "a map of names to servers"))
        {
            if (!Identifiers.Check(entry.Key, entry.Mark, "an MCP server", values.Problems)) continue;
            if (entry.Value is not SourceMap map)
            {
                values.Problems.Add(entry.Value.Mark, $"the MCP server '{entry.Key}' is {entry.Value.Noun}; expected a map with command or url");
                continue;
            }
            var reader = new MapReader(map, WorkflowKeys.Server, values, entry.Mark);
            var (command, url) = (reader.Has("command"), reader.Has("url"));
            if (command == url)
                reader.Problem(entry.Mark, $"the MCP server '{entry.Key}' has {(command ? "both" : "neither")} of 'command' and 'url'; expected exactly one of them");
            foreach (var key in StartedOnly.Where(k => reader.Has(k) && !command && url))
                reader.Problem(reader.KeyMark(key), $"'{key}' is for a server that is started with 'command'; remove it");
            if (reader.Has("headers") && !url) reader.Problem(reader.KeyMark("headers"), "'headers' is for a server with 'url'; remove it");
            servers.Add(new()
            {
                Name = entry.Key,
                Mark = entry.Mark,
                Command = reader.Text("command"),
                Args = reader.Value("args") switch
                {
                    null => [],
                    ListValue list => list.Items,
                    _ => reader.Wrong<WorkflowValue[]>("args", reader.Node("args")!, "a list of texts") ?? [],
                },
                Env = reader.Variables("env", "the variable"),
                Url = reader.Text("url"),
                Headers = reader.Variables("headers", "the header"),
                Timeout = reader.Duration("timeout"),
            });
        }
        return servers;
    }

    private static List<WorkflowStep> Steps(MapReader workflow, ValueReader values, WorkflowDefaults defaults)
    {
        List<WorkflowStep> steps = [];
        var entries = Entries(workflow, "steps", "a map of ids to steps");
        if (workflow.Node("steps") is SourceMap && entries.Count == 0) workflow.Problem(workflow.KeyMark("steps"), "the workflow has no steps; expected at least one");
        if (entries.Count > MaxSteps) workflow.Problem(entries[MaxSteps].Mark, $"the workflow has more than {MaxSteps} steps; split it into workflows that call each other");
        foreach (var entry in entries.Take(MaxSteps))
        {
            if (!Identifiers.Check(entry.Key, entry.Mark, "a step", values.Problems)) continue;
            if (entry.Value is SourceMap map) steps.Add(StepReader.Read(entry, map, values, defaults));
            else values.Problems.Add(entry.Value.Mark, $"the step '{entry.Key}' is {entry.Value.Noun}; expected a map with one of uses, run, prompt, agent");
        }
        return steps;
    }

    private static IReadOnlyList<SourceEntry> Entries(MapReader map, string key, string expected) => map.Node(key) switch
    {
        null => [],
        SourceMap entries => entries.Entries,
        var other => map.Wrong<SourceEntry[]>(key, other, expected) ?? [],
    };
}
