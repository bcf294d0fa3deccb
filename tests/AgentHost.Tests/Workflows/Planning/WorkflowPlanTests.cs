using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Planning;

namespace AgentRuntime.AgentHost.Tests.Workflows.Planning;

/// <summary>What would be done, in which order.</summary>
public sealed class WorkflowPlanTests : IDisposable
{
    private const string Steps = """
        inputs:
          topic: string
          deep: {type: boolean, default: false}
        env:
          GREETING: Hello ${{ inputs.topic }}
          TOKEN: ${{ secrets.TOKEN }}
        steps:
          last: {needs: [b, c], run: "echo ${{ steps.b.outputs.text }} ${{ env.GREETING }} ${{ env.TOKEN }}"}
          a: {uses: read_file, with: {path: "${{ inputs.topic }}.md"}}
          b: {needs: a, if: inputs.deep, foreach: [1, 2, 3], prompt: "${{ item }} of ${{ upper(inputs.topic) }}"}
          c: {needs: a, if: "steps.a.outputs.text != ''", foreach: "${{ lines(steps.a.outputs.text) }}", run: ls}
        """;

    private readonly WorkflowFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Steps_are_in_the_order_of_running_and_what_is_known_is_filled_in()
    {
        var plan = WorkflowPlan.Create(_fixture.Load(Steps), new() { ["topic"] = "parsers" });
        Assert.Equal(["a", "b c", "last"], plan.Groups.Select(g => string.Join(' ', g.Select(s => s.Step.Id))));
        var steps = plan.Groups.SelectMany(g => g).ToDictionary(s => s.Step.Id);
        Assert.Equal("calls read_file {\"path\":\"parsers.md\"}", steps["a"].Does);
        Assert.Equal("asks the model: ${{ item }} of PARSERS", steps["b"].Does);
        Assert.Equal("runs: echo ${{ steps.b.outputs.text }} Hello parsers ${{ env.TOKEN }}", steps["last"].Does);
        Assert.Equal((true, false, null), (steps["a"].Runs, steps["b"].Runs, steps["c"].Runs));
        Assert.Equal((null, 3, null), (steps["a"].Items, steps["b"].Items, steps["c"].Items));
        Assert.Empty(plan.MissingInputs);
        Assert.Equal(["TOKEN"], plan.Secrets);
    }

    [Fact]
    public void Inputs_that_are_not_given_stay_as_written()
    {
        var plan = WorkflowPlan.Create(_fixture.Load(Steps), []);
        Assert.Equal(["topic"], plan.MissingInputs);
        Assert.Equal("calls read_file {\"path\":\"${{ inputs.topic }}.md\"}", plan.Groups[0][0].Does);
    }

    [Fact]
    public void Called_workflows_are_planned_with_what_they_are_given()
    {
        _fixture.Write("inner.yaml", "version: 1\nname: Inner\ninputs: {n: integer, m: string}\nsteps:\n  a: {run: \"echo ${{ inputs.n }} ${{ inputs.m }}\"}\n");
        var plan = WorkflowPlan.Create(_fixture.Load("steps:\n  x: {run: ls}\n  a: {needs: x, uses: ./inner.yaml, with: {n: 3, m: \"${{ steps.x.outputs.text }}\"}}\n"), []);
        var called = plan.Groups[1][0].Called!;
        Assert.Equal("runs: echo 3 ${{ inputs.m }}", called.Groups[0][0].Does);
    }

    [Fact]
    public void Graphs_hold_every_step_and_need()
    {
        var workflow = _fixture.Load("steps:\n  a: {name: 'Say \"hi\" <b>', prompt: hi}\n  b: {needs: a, prompt: ho, session: fork:a}\n").Workflow;
        Assert.Equal("flowchart TD\n  s0[\"Say #34;hi#34; #60;b#62;<br/>prompt\"]\n  s1[\"b<br/>prompt\"]\n  s0 --> s1\n  s0 -.->|fork| s1\n", WorkflowGraph.Mermaid(workflow));
        Assert.Equal("digraph \"Test\" {\n  node [shape=box];\n  \"a\" [label=\"Say \\\"hi\\\" <b>\\nprompt\"];\n  \"b\" [label=\"b\\nprompt\"];\n  \"a\" -> \"b\";\n  \"a\" -> \"b\" [style=dashed, label=\"fork\"];\n}\n", WorkflowGraph.Dot(workflow));
    }

    [Fact]
    public void The_graph_knows_what_comes_before_and_after()
    {
        var graph = new StepGraph(_fixture.Load(Steps).Workflow);
        Assert.Equal(["a", "b", "c"], graph.Before("last").Order());
        Assert.Equal(["last", "b", "c"], graph.After("a").Select(s => s.Id));
        Assert.Empty(graph.Cycles);
    }

    [Fact]
    public void Deep_and_wide_graphs_are_planned_quickly()
    {
        var chain = string.Concat(Enumerable.Range(0, 500).Select(i => $"  s{i}: {{run: ls{(i == 0 ? "" : $", needs: [{string.Join(", ", Enumerable.Range(Math.Max(0, i - 20), Math.Min(i, 20)).Select(j => "s" + j))}]")}}}\n"));
        var plan = WorkflowPlan.Create(_fixture.Load("steps:\n" + chain), new JsonObject());
        Assert.Equal(500, plan.Groups.Count);
    }
}
