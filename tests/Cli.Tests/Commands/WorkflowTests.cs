using System.Text.Json;

namespace AgentRuntime.Cli.Tests.Commands;

/// <summary><c>agentrt workflow validate|plan|graph|schema</c>.</summary>
public sealed class WorkflowTests : IDisposable
{
    private const string Sound = "version: 1\nname: Look\ninputs: {topic: string}\nsteps:\n  find: {uses: search, with: {pattern: \"${{ inputs.topic }}\"}}\n  tell: {needs: find, run: \"echo ${{ length(steps.find.outputs.text) }}\"}\n";

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("agentrt-workflow-").FullName;

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task A_sound_one_is_valid()
    {
        var file = Write(Sound);
        Assert.Equal((0, ""), (await RunAsync("validate", file), _error.ToString()));
        Assert.Equal($"{file}: valid, 2 steps\n", _output.ToString());
    }

    [Fact]
    public async Task Every_problem_is_a_line_with_its_place()
    {
        var file = Write("version: 1\nname: Look\nsteps:\n  a: {uses: serach}\n  b: {run: \"echo ${{ 0 / 0 }}\", need: a}\n");
        Assert.Equal((2, ""), (await RunAsync("validate", file), _output.ToString()));
        var lines = _error.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(["4:13", "5:24", "5:33"], lines.Select(l => l[(file.Length + 1)..].Split(": ")[0]));
        Assert.EndsWith("did you mean 'needs'?", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_as_json()
    {
        var file = Write("version: 1\nname: x\nsteps: []\n");
        Assert.Equal((2, ""), (await RunAsync("validate", file, "--json"), _error.ToString()));
        var document = JsonDocument.Parse(_output.ToString()).RootElement;
        Assert.False(document.GetProperty("valid").GetBoolean());
        var problem = Assert.Single(document.GetProperty("problems").EnumerateArray());
        Assert.Equal((file, 3, 8), (problem.GetProperty("file").GetString(), problem.GetProperty("line").GetInt32(), problem.GetProperty("column").GetInt32()));
    }

    [Theory]
    [InlineData("does not exist", "validate", "gone.yaml")]
    [InlineData("does not exist", "plan", "gone.yaml")]
    [InlineData("is not NAME=VALUE", "plan", "w.yaml", "--input", "topic")]
    [InlineData("there is no input 'tpoic'; expected one of topic; did you mean 'topic'?", "plan", "w.yaml", "--input", "tpoic=x")]
    [InlineData("the input 'topic' is missing", "validate", "w.yaml", "--input", "tpoic=x")]
    [InlineData("Give only one of", "graph", "w.yaml", "--dot", "--mermaid")]
    public async Task Bad_input_is_a_sentence(string sentence, params string[] arguments)
    {
        Write(Sound);
        arguments[1] = Path.Combine(_folder, arguments[1]);
        Assert.Equal((2, ""), (await RunAsync(arguments), _output.ToString()));
        Assert.Contains(sentence, _error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_file_says_cannot_steer_the_terminal()
    {
        Assert.Equal(2, await RunAsync("validate", Write("version: 1\nname: x\n\"\\e[31mred\\n\": 1\nsteps:\n  a: {run: ls}\n")));
        Assert.DoesNotContain('\u001b', _error.ToString());
        Assert.Single(_error.ToString().TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_plan_fills_in_what_is_known()
    {
        Assert.Equal((0, ""), (await RunAsync("plan", Write(Sound), "--input", "topic=parsers"), _error.ToString()));
        Assert.Equal("Look\n1.\n   find\n     calls search {\"pattern\":\"parsers\"}\n2.\n   tell (after find)\n     runs: echo ${{ length(steps.find.outputs.text) }}\n", _output.ToString());
    }

    [Fact]
    public async Task A_plan_as_json()
    {
        Assert.Equal(0, await RunAsync("plan", Write(Sound), "--json"));
        var plan = JsonDocument.Parse(_output.ToString()).RootElement;
        Assert.Equal("topic", plan.GetProperty("missing_inputs")[0].GetString());
        Assert.Equal(["find", "tell"], plan.GetProperty("groups").EnumerateArray().Select(g => g[0].GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData("flowchart TD\n  s0[\"find<br/>uses search\"]\n")]
    [InlineData("digraph \"Look\" {\n", "--dot")]
    [InlineData("{\"name\":\"Look\",\"steps\":[{\"id\":\"find\",", "--json")]
    public async Task A_graph(string start, params string[] options)
    {
        Assert.Equal(0, await RunAsync(["graph", Write(Sound), .. options]));
        Assert.StartsWith(start, _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_schema_is_JSON()
    {
        Assert.Equal(0, await RunAsync("schema"));
        Assert.Equal("AgentRuntime workflow", JsonDocument.Parse(_output.ToString()).RootElement.GetProperty("title").GetString());
    }

    private string Write(string text)
    {
        var file = Path.Combine(_folder, "w.yaml");
        File.WriteAllText(file, text);
        return file;
    }

    private Task<int> RunAsync(params string[] arguments) => CommandLine.RunAsync(["workflow", .. arguments], _output, _error);
}
