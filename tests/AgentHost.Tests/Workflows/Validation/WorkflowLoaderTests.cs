using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Validation;

namespace AgentRuntime.AgentHost.Tests.Workflows.Validation;

/// <summary>What is accepted, and arguments of tools whose schema is known.</summary>
public sealed class WorkflowLoaderTests : IDisposable
{
    private readonly WorkflowFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void A_sound_file_loads()
    {
        var loaded = WorkflowLoader.Load(Path.Combine(AppContext.BaseDirectory, "Workflows", "sound", "everything.yaml"), WorkflowFixture.Tools);
        Assert.Equal(8, loaded.Workflow.Steps.Count);
        Assert.Equal([ExpressionKind.String, ExpressionKind.List], [loaded.Outputs["summary"].Kind, loaded.Outputs["sizes"].Kind]);
    }

    [Theory]
    [InlineData("{url: x}")]
    [InlineData("{url: x, method: HEAD, body: null}")]
    [InlineData("{url: x, anything: 1}")]
    [InlineData("{url: x, options: {depth: 3, tags: [a]}}")]
    [InlineData("{url: \"${{ inputs.any.thing }}\", options: \"${{ inputs.any }}\"}")]
    [InlineData("{url: \"${{ inputs.any.thing }}\", options: {depth: \"${{ inputs.any.depth }}\"}}")]
    public void Arguments_that_fit(string with) =>
        Assert.Equal("Test", _fixture.Load($"inputs: {{any: object}}\nsteps:\n  a:\n    uses: mcp:web/fetch\n    with: {with}\n").Workflow.Name);

    [Theory]
    [InlineData("{}", "7:11: the tool 'fetch' needs the argument 'url', which is missing; expected it in 'with'")]
    [InlineData("{url: x, method: HAED}", "8:28: the argument 'method' of the tool 'fetch' is \"HAED\"; expected one of GET, HEAD; did you mean 'HEAD'?")]
    [InlineData("{url: x, body: 3}", "8:26: the argument 'body' of the tool 'fetch' is 3; expected text or null")]
    [InlineData("{url: x, options: {}}", "8:29: the argument 'options' needs the argument 'depth', which is missing; expected it")]
    [InlineData("{url: x, options: {depth: 4, tag: 1}}", "8:37: the argument 'depth' of the tool 'fetch' is 4; expected at most 3|8:40: the argument 'options' has no argument 'tag'; expected one of depth, tags; did you mean 'tags'?")]
    [InlineData("{url: x, options: {depth: -1, tags: [a, 1]}}", "8:37: the argument 'depth' of the tool 'fetch' is -1; expected at least 0|8:51: an entry of the argument 'tags' of the tool 'fetch' is 1; expected text")]
    [InlineData("{url: \"${{ inputs.list }}\", options: \"a ${{ inputs.list }}\"}", "8:17: the argument 'url' of the tool 'fetch' is a list; expected text|8:48: the argument 'options' of the tool 'fetch' is text; expected a map")]
    public void Arguments_that_do_not_fit(string with, string expected)
    {
        var error = Assert.Throws<WorkflowException>(() => _fixture.Load($"inputs:\n  list: list\nsteps:\n  a:\n    uses: mcp:web/fetch\n    with: {with}\n"));
        Assert.Equal(expected.Split('|'), error.Problems.Select(p => $"{p.Mark}: {p.Message}"));
    }

    [Fact]
    public void Tools_of_a_server_that_is_asleep_are_believed()
    {
        Assert.Equal(2, _fixture.Load("mcp:\n  web: {command: other}\nsteps:\n  a: {uses: mcp:asleep/anything, with: {x: 1}}\n  b: {uses: mcp:web/not-the-configured-one}\n").Workflow.Steps.Count);
        var error = Assert.Throws<WorkflowException>(() => _fixture.Load("steps:\n  a: {uses: mcp:web/fecth}\n"));
        Assert.EndsWith("the MCP server 'web' has no tool 'fecth'; expected one of fetch; did you mean 'fetch'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_called_workflow_gives_its_types()
    {
        _fixture.Write("inner.yaml", "version: 1\nname: Inner\ninputs: {n: integer}\noutputs:\n  size: ${{ length(steps.a.outputs.text) }}\nsteps:\n  a: {run: \"echo ${{ inputs.n }}\"}\n");
        var loaded = _fixture.Load("steps:\n  a:\n    foreach: [1, 2]\n    uses: ./inner.yaml\n    with: {n: \"${{ item }}\"}\n  b: {needs: a, run: \"${{ join(steps.a.outputs.size) }}\"}\n");
        Assert.Equal("Inner", loaded.Called["a"].Workflow.Name);
        Assert.Equal(2, loaded.All.Count());
        var error = Assert.Throws<WorkflowException>(() => _fixture.Load("steps:\n  a:\n    foreach: [x]\n    uses: ./inner.yaml\n    with: {n: \"${{ item }}\"}\n"));
        Assert.EndsWith("the input 'n' of the workflow './inner.yaml' is text; expected a whole number", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_file_may_be_called_twice()
    {
        _fixture.Write("inner.yaml", "version: 1\nname: Inner\nsteps:\n  a: {run: ls}\n");
        Assert.Equal(2, _fixture.Load("steps:\n  a: {uses: ./inner.yaml}\n  b: {uses: inner.yaml}\n").Called.Count);
    }
}
