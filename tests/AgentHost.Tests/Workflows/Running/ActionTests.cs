using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.Tools;
using Microsoft.Extensions.AI;
using static AgentRuntime.AgentHost.Tests.ScriptedConversation;

namespace AgentRuntime.AgentHost.Tests.Workflows.Running;

/// <summary>What each kind of step does.</summary>
public sealed class ActionTests : IDisposable
{
    private readonly WorkflowFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Commands_give_output_and_exit_code_and_get_variables()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Commands need a Unix shell.");
        var result = await _fixture.RunAsync("""
            a: {run: "printf '%s|' \"$BASE\" \"$OWN\" \"$TOP\"; cat", env: {OWN: "it's \"${{ inputs.x }}\" $HOME\nnext", BASE: own}}
            b: {run: "echo oops; exit 7", continue-on-error: true}
            """, "inputs: {x: string}\nenv: {BASE: base, TOP: \"${{ inputs.x }}\"}\noutputs: {a: \"${{ steps.a.outputs.text }}\", b: \"${{ steps.b.outputs.exit-code }}\", t: \"${{ steps.b.outputs.text }}\"}", new() { ["x"] = "`v`" });
        Assert.Equal(("own|it's \"`v`\" $HOME\nnext|`v`|", 7, "oops"), (result.Outputs["a"]!.GetValue<string>(), (int)result.Outputs["b"]!, result.Outputs["t"]!.GetValue<string>()));
        Assert.Equal("the command ended with exit code 7: oops", _fixture.Completed.Single(e => e.Step == "b").Message);
    }

    [Fact]
    public async Task Built_in_tools_are_called_and_their_errors_fail_the_step()
    {
        File.WriteAllText(Path.Combine(_fixture.Repository, "a.txt"), "hello\n");
        var result = await _fixture.RunAsync("""
            a: {uses: read_file, with: {path: a.txt}}
            b: {uses: read_file, with: {path: missing.txt}}
            """, "outputs: {a: \"${{ steps.a.outputs.text }}\"}");
        Assert.Contains("hello", result.Outputs["a"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("b", Assert.Single(result.Failed));
        Assert.Contains("missing.txt", _fixture.Completed.Single(e => e.Step == "b").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_with_a_schema_gives_json_under_the_constraint()
    {
        const string steps = """
            a:
              system: be brief
              prompt: label it
              max-tokens: 77
              schema: {type: object, properties: {label: {enum: [bug, idea]}}, required: [label], additionalProperties: false}
            """;
        _fixture.Models = new(_ => Text(""" {"label": "bug"} """));
        var result = await _fixture.RunAsync(steps, "outputs: {label: \"${{ steps.a.outputs.json.label }}\"}");
        Assert.Equal("""{"label":"bug"}""", WorkflowFixture.Text(result.Outputs));
        var conversation = _fixture.Models.Created.Single().Conversation;
        Assert.NotNull(conversation.Generation!.Constraint);
        Assert.Equal((77, "system,user,assistant"), (conversation.Generation.MaxTokens, string.Join(",", conversation.Messages.Select(m => m.Role))));

        _fixture.Models = new(_ => Text("no json"));
        Assert.Equal(RunStatus.Failed, (await _fixture.RunAsync(steps)).Status);
        Assert.Equal("the reply is no JSON", _fixture.Completed.Single().Message);
    }

    [Fact]
    public async Task A_failed_attempt_leaves_nothing_in_a_shared_conversation()
    {
        var asked = 0;
        _fixture.Models = new(messages => Text(messages[^1].Text == "second" && asked++ == 0 ? "no json" : $"{messages.Count}"));
        var result = await _fixture.RunAsync("""
            one: {prompt: first, session: "shared:s"}
            two: {prompt: second, session: "shared:s", needs: one, schema: {type: integer}, retry: {max: 1, backoff: 1ms}}
            three: {prompt: third, session: "shared:s", needs: two}
            """, "outputs: {all: [\"${{ steps.one.outputs.text }}\", \"${{ steps.two.outputs.text }}\", \"${{ steps.three.outputs.text }}\"]}");
        Assert.Equal("""{"all":["1","3","5"]}""", WorkflowFixture.Text(result.Outputs));
    }

    [Fact]
    public async Task Steps_of_a_shared_conversation_take_turns_in_the_order_of_the_file()
    {
        var result = await _fixture.RunAsync("""
            one: {prompt: a, session: "shared:s"}
            two: {prompt: b, session: "shared:s"}
            three: {foreach: [c, d], prompt: "${{ item }}", session: "shared:s"}
            alone: {prompt: e}
            """, "outputs: {all: [\"${{ steps.one.outputs.text }}\", \"${{ steps.two.outputs.text }}\", \"${{ steps.three.outputs.text }}\", \"${{ steps.alone.outputs.text }}\"]}");
        Assert.Equal("""{"all":["1: a","3: b",["5: c","7: d"],"1: e"]}""", WorkflowFixture.Text(result.Outputs));
        Assert.Equal(2, _fixture.Models.Created.Count);
    }

    [Fact]
    public async Task A_fork_of_a_step_that_was_skipped_fails_with_the_reason()
    {
        var result = await _fixture.RunAsync("""
            base: {prompt: a, if: "1 == 2"}
            next: {prompt: b, session: "fork:base", needs: base}
            """);
        Assert.Equal(("next", "the step 'base' was skipped or failed, so it has no conversation to fork; give this step an 'if'"), (Assert.Single(result.Failed), _fixture.Completed.Single(e => e.Step == "next").Message));
    }

    [Fact]
    public async Task An_agent_works_with_the_tools_that_it_is_given()
    {
        File.WriteAllText(Path.Combine(_fixture.Repository, "a.txt"), "hello\n");
        _fixture.Models = new(messages => messages.Count(m => m.Role == ChatRole.Assistant) switch
        {
            0 => Call("read_file", ("path", "a.txt")),
            1 => Call("write_file", ("path", "b.txt"), ("content", "no")),
            _ => Text("It says " + (messages.Any(m => m.Contents.OfType<FunctionResultContent>().Any(r => r.Result!.ToString()!.Contains("hello", StringComparison.Ordinal))) ? "hello" : "nothing")),
        });
        var result = await _fixture.RunAsync("a: {agent: {task: What does it say?, tools: [read_file, search], max-steps: 5}}", "outputs: {a: \"${{ steps.a.outputs.text }}\", n: \"${{ steps.a.outputs.steps }}\"}");
        Assert.Equal("""{"a":"It says hello","n":3}""", WorkflowFixture.Text(result.Outputs));
        Assert.Equal("read_file,search", _fixture.Models.Created.Single().Tools);
        Assert.False(File.Exists(Path.Combine(_fixture.Repository, "b.txt")));
        Assert.Equal(3, _fixture.Completed.Single().Cost!.Replies);
        Assert.Single(_fixture.Journal.List());
    }

    [Fact]
    public async Task An_agent_may_be_stricter_than_its_workflow()
    {
        _fixture.Models = new(messages => messages.All(m => m.Role != ChatRole.Assistant) ? Call("write_file", ("path", "b.txt"), ("content", "x")) : Text("done"));
        await _fixture.RunAsync("a: {agent: {task: write, approval: never}}");
        Assert.False(File.Exists(Path.Combine(_fixture.Repository, "b.txt")));
        await _fixture.RunAsync("a: {agent: {task: write}}");
        Assert.True(File.Exists(Path.Combine(_fixture.Repository, "b.txt")));
    }

    [Fact]
    public async Task An_agent_that_was_stopped_goes_on_where_it_was()
    {
        using var stop = new CancellationTokenSource();
        var calls = 0;
        _fixture.AddTool("count", (_, _) => Task.FromResult($"{++calls}"));
        var hanging = true;
        _fixture.Models = new(messages => messages.Count(m => m.Role == ChatRole.Assistant) switch
        {
            0 => Call("count"),
            1 when hanging => Stop(),
            _ => Text("counted"),
        });
        var stopped = await _fixture.RunAsync("a: {agent: {task: count, tools: [count]}}", "outputs: {a: \"${{ steps.a.outputs.text }}\"}", cancellationToken: stop.Token);
        hanging = false;
        var resumed = await _fixture.ResumeAsync(stopped.Run);
        Assert.Equal((RunStatus.Cancelled, """{"a":"counted"}"""), (stopped.Status, WorkflowFixture.Text(resumed.Outputs)));
        Assert.Equal(1, calls);

        ChatMessage Stop()
        {
            stop.Cancel();
            throw new OperationCanceledException(stop.Token);
        }
    }

    [Fact]
    public async Task A_workflow_calls_another_with_inputs_of_its_own()
    {
        _fixture.AddTool("say", (text, _) => Task.FromResult(text!));
        _fixture.Write("hi: {uses: say, with: {text: \"${{ inputs.greeting }} ${{ inputs.name }}\"}}", "inputs: {name: string, greeting: {type: string, default: hello}}\noutputs: {said: \"${{ steps.hi.outputs.text }}\"}", "inner.yaml");
        var result = await _fixture.RunAsync("""
            each: {foreach: [ann, bob], uses: ./inner.yaml, with: {name: "${{ item }}"}}
            """, "outputs: {all: \"${{ steps.each.outputs.said }}\"}");
        Assert.Equal("""{"all":["hello ann","hello bob"]}""", WorkflowFixture.Text(result.Outputs));
        Assert.Equal(["each[0]", "each[0]/hi", "each[1]", "each[1]/hi"], _fixture.Began.Order());
    }

    [Fact]
    public async Task A_failure_in_a_called_workflow_is_named_by_its_step()
    {
        _fixture.Write("inner: {uses: read_file, with: {path: missing.txt}}", name: "inner.yaml");
        var result = await _fixture.RunAsync("outer: {uses: ./inner.yaml}");
        Assert.Equal(("outer", "the step 'outer/inner' failed"), (Assert.Single(result.Failed), _fixture.Completed.Single(e => e.Step == "outer").Message));
    }

    [Fact]
    public async Task What_cannot_start_runs_nothing()
    {
        _fixture.AddTool("say", (text, _) => Task.FromResult(text!));
        var missing = await Assert.ThrowsAsync<WorkflowException>(() => _fixture.RunAsync("a: {uses: say, with: {text: \"${{ secrets.NOT_SET_ANYWHERE }}\"}}"));
        Assert.Contains("NOT_SET_ANYWHERE", missing.Message, StringComparison.Ordinal);
        var server = await Assert.ThrowsAsync<ToolsException>(() => _fixture.RunAsync(
            "a: {uses: say, with: {text: x}}\nb: {uses: mcp:s/t}", "mcp: {s: {command: /no/such/program}}"));
        Assert.Contains("The MCP server 's' (/no/such/program) was not started", server.Message, StringComparison.Ordinal);
        Assert.Empty(_fixture.Events);
        Assert.Equal(RunStatus.Failed, _fixture.Journal.Workflows.Load("last").Status);
    }
}
