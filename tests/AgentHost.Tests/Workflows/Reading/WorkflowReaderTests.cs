using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Reading;
using AgentRuntime.Tools.Approval;

namespace AgentRuntime.AgentHost.Tests.Workflows.Reading;

/// <summary>What of a file gets into the model.</summary>
public sealed class WorkflowReaderTests
{
    private const string Everything = """
        version: 1
        name: Everything
        description: All keys once.
        inputs:
          topic: string
          count: {type: integer, default: 3, description: How many, options: [1, 3]}
        outputs:
          answer: ${{ steps.ask.outputs.text }}
        env:
          LANG: C
        defaults: {model: small, timeout: 2m, retry: 2, max-parallel: 4, max-tokens: 100, temperature: 0.5}
        mcp:
          local: {command: node, args: [server.js, "${{ inputs.topic }}"], env: {KEY: "${{ secrets.KEY }}"}, timeout: 10s}
          remote: {url: "https://example.org/mcp", headers: {Authorization: "Bearer ${{ secrets.KEY }}"}}
        steps:
          read:
            name: Read it
            uses: read_file
            with: {path: README.md, start: 1}
          build:
            run: |
              echo one
              echo ${{ inputs.topic }}
            needs: read
            env: {A: 1}
            timeout: 30s
            retry: {max: 5, backoff: 250ms, jitter: false, on: timeout}
            continue-on-error: true
            outputs:
              ok: ${{ result.exit-code == 0 }}
          ask:
            needs: [read, build]
            if: inputs.count > 1
            foreach: ${{ lines(steps.read.outputs.text) }}
            max-parallel: 2
            session: fork:read
            model: large
            prompt: What is ${{ item }}?
            system: Be brief.
            schema: {type: object, properties: {a: {type: string}}}
            max-tokens: 5
          fix:
            agent: {task: Fix it, tools: [read_file, "mcp:local/*"], max-steps: 9, token-budget: 5000, approval: never}
            session: shared:main
          call:
            uses: ./other.yaml
          tool:
            uses: mcp:local/look
        """;

    [Fact]
    public void Every_key_is_read()
    {
        var workflow = Read(Everything);
        Assert.Equal((1, "Everything", "All keys once."), (workflow.Version, workflow.Name, workflow.Description));
        Assert.Equal([(InputType.String, true), (InputType.Integer, false)], workflow.Inputs.Select(i => (i.Type, i.Required)));
        Assert.Equal((3, "How many", 2), (workflow.Inputs[1].Default!.GetValue<long>(), workflow.Inputs[1].Description, workflow.Inputs[1].Options.Count));
        Assert.Equal(["answer"], workflow.Outputs.Select(o => o.Name));
        Assert.Equal(["LANG"], workflow.Env.Select(e => e.Name));
        Assert.Equal(["local", "remote"], workflow.Mcp.Select(s => s.Name));
        Assert.Equal((2, 1, TimeSpan.FromSeconds(10)), (workflow.Mcp[0].Args.Count, workflow.Mcp[0].Env.Count, workflow.Mcp[0].Timeout));
        Assert.Equal((null, 1), (workflow.Mcp[1].Command, workflow.Mcp[1].Headers.Count));

        var read = workflow.Find("read")!;
        var tool = Assert.IsType<ToolAction>(read.Action);
        Assert.Equal(("Read it", "read_file", 2), (read.Title, tool.Tool, tool.With.Entries.Count));
        Assert.Equal(TimeSpan.FromMinutes(2), read.Timeout);
        Assert.Equal((2, true, 2), (read.Retry!.Max, read.Retry.Jitter, read.Retry.On.Count));
        Assert.Null(read.Model);

        var build = workflow.Find("build")!;
        Assert.Equal("echo one\necho ${{ inputs.topic }}\n", Assert.IsType<TextValue>(((RunAction)build.Action).Command).Template.Source);
        Assert.Equal((5, TimeSpan.FromMilliseconds(250), false), (build.Retry!.Max, build.Retry.Backoff, build.Retry.Jitter));
        Assert.Equal([RetryCondition.Timeout], build.Retry.On);
        Assert.True(build.ContinueOnError);
        Assert.Equal(TimeSpan.FromSeconds(30), build.Timeout);
        Assert.Equal(["ok", "A", "read"], [.. build.Outputs.Select(o => o.Name), .. build.Env.Select(o => o.Name), .. build.Needs.Select(o => o.Name)]);

        var ask = workflow.Find("ask")!;
        var prompt = Assert.IsType<PromptAction>(ask.Action);
        Assert.Equal(("large", 2, "fork:read"), (ask.Model, ask.MaxParallel, ask.Session.ToString()));
        Assert.NotNull(ask.If);
        Assert.IsType<TextValue>(ask.ForEach);
        Assert.Equal((5, 0.5), (prompt.MaxTokens, prompt.Temperature));
        Assert.Equal("object", prompt.Schema!["type"]!.GetValue<string>());

        var fix = workflow.Find("fix")!;
        var agent = Assert.IsType<AgentAction>(fix.Action);
        Assert.Equal((9, 5000, ApprovalMode.Never, 100), (agent.MaxSteps, agent.TokenBudget, agent.Approval, agent.MaxTokens));
        Assert.Equal(["read_file", "mcp:local/*"], agent.Tools!.Select(t => t.Name));
        Assert.Equal(("small", "shared:main"), (fix.Model, fix.Session.ToString()));
        Assert.Equal("dir/other.yaml", Assert.IsType<WorkflowAction>(workflow.Find("call")!.Action).PathFrom("dir/x.yaml"));
        Assert.Equal(("local", "look"), workflow.Find("tool")!.Action is McpAction mcp ? (mcp.Server, mcp.Tool) : default);
    }

    [Fact]
    public void Positions_are_those_of_the_file()
    {
        var problems = new ProblemList("x");
        WorkflowReader.Read("version: 1\nname: x\nsteps:\n  a:\n    run: |\n      echo\n      echo ${{ 1 + 1 }} ${{ a b }}\n  b:\n    run: \"\\t ${{ 2 * 2 }}\"\n  c: {run: 'it''s ${{ 3 % 3 }}'}\n  d:\n    run: >-\n      folded\n      ${{ 4 - 4 }}\n", problems);
        Assert.Equal(["7:18", "7:31", "9:20", "10:25", "14:13"], problems.InOrder().Select(p => p.Mark.ToString()));
    }

    [Fact]
    public void The_definition_changes_with_what_the_step_gives_and_with_nothing_else()
    {
        static string Definition(string step, string defaults = "{}") => Read($"version: 1\nname: x\ndefaults: {defaults}\nsteps:\n  a: {step}\n").Steps[0].Definition;
        var one = Definition("{prompt: hi, model: m}");
        Assert.Equal(one, Definition("{model: m, prompt: \"hi\", timeout: 3s, retry: 2, name: n}", "{model: other}"));
        Assert.Equal(one, Definition("{prompt: hi}", "{model: m, timeout: 1h}"));
        Assert.NotEqual(one, Definition("{prompt: hi}"));
        Assert.NotEqual(one, Definition("{prompt: ho, model: m}"));
        Assert.Equal(Definition("{run: x}"), Definition("{run: x}", "{model: m}"));
    }

    [Theory]
    [InlineData("3", "3")]
    [InlineData("-3.5e1", "-35")]
    [InlineData("0x10", "16")]
    [InlineData("'3'", "\"3\"")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("TRUE", "true")]
    [InlineData("~", "null")]
    [InlineData(".inf", "\".inf\"")]
    [InlineData("123456789012345678901234567890", "1.2345678901234568E+29")]
    public void Plain_scalars_are_those_of_YAML_1_2(string yaml, string json)
    {
        var workflow = Read($"version: 1\nname: x\nsteps:\n  a:\n    uses: t\n    with: {{v: {yaml}}}\n");
        var value = Assert.IsType<ConstantValue>(((ToolAction)workflow.Steps[0].Action).With.Find("v"));
        Assert.Equal(json, value.Value?.ToJsonString() ?? "null");
    }

    private static Workflow Read(string text)
    {
        var problems = new ProblemList("x.yaml");
        var workflow = WorkflowReader.Read(text, problems);
        Assert.Equal([], problems.InOrder());
        return workflow!;
    }
}
