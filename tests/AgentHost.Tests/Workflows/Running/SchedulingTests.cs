using AgentRuntime.AgentHost.Workflows.Events;
using Microsoft.Extensions.Time.Testing;

namespace AgentRuntime.AgentHost.Tests.Workflows.Running;

/// <summary>Order, parallel steps, conditions, failures, attempts and items.</summary>
public sealed class SchedulingTests : IDisposable
{
    private readonly WorkflowFixture _fixture = new();
    private int _calls;
    private int _running;
    private int _most;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Independent_steps_run_at_once()
    {
        // Each of the three returns only when all three have been called.
        var all = new TaskCompletionSource();
        _fixture.AddTool("meet", async (_, token) =>
        {
            if (Interlocked.Increment(ref _calls) == 3) all.SetResult();
            await all.Task.WaitAsync(TimeSpan.FromSeconds(20), token);
            return "met";
        });
        var result = await _fixture.RunAsync("a: {uses: meet}\nb: {uses: meet}\nc: {uses: meet}");
        Assert.Equal(RunStatus.Completed, result.Status);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public async Task No_more_steps_run_at_once_than_allowed(int allowed, int most)
    {
        AddBusy(most);
        _fixture.MaxParallel = allowed;
        await _fixture.RunAsync(string.Join('\n', Enumerable.Range(0, 6).Select(i => $"s{i}: {{uses: busy}}")));
        Assert.Equal((6, most), (_calls, _most));
    }

    [Fact]
    public async Task Steps_wait_for_those_that_they_need_and_see_their_outputs()
    {
        _fixture.AddTool("say", (text, _) => Task.FromResult(text + "!"));
        var result = await _fixture.RunAsync("""
            c: {uses: say, needs: [a, b], with: {text: "${{ steps.a.outputs.text }}${{ steps.b.outputs.text }}"}}
            b: {uses: say, needs: a, with: {text: "b${{ steps.a.outputs.text }}"}}
            a: {uses: say, with: {text: "${{ inputs.word }}"}}
            """, "inputs: {word: string}\noutputs: {all: \"${{ steps.c.outputs.text }}\", how: \"${{ steps.c.outcome }}\"}", new() { ["word"] = "x" });
        Assert.Equal("""{"all":"x!bx!!!","how":"success"}""", WorkflowFixture.Text(result.Outputs));
        Assert.Equal(["a", "b", "c"], _fixture.Began);
    }

    [Fact]
    public async Task A_failed_step_holds_back_only_the_steps_that_need_it()
    {
        AddFailing(int.MaxValue);
        _fixture.AddTool("say", (text, _) => Task.FromResult(text!));
        var result = await _fixture.RunAsync("""
            bad: {uses: fail}
            after: {uses: say, needs: bad, with: {text: x}}
            later: {uses: say, needs: after, with: {text: x}}
            other: {uses: say, with: {text: fine}}
            beside: {uses: say, needs: other, with: {text: fine}}
            """, "outputs: {x: \"${{ steps.other.outputs.text }}\", y: \"${{ steps.later.outputs.text }}\"}");
        Assert.Equal((RunStatus.Failed, "bad"), (result.Status, string.Join(",", result.Failed)));
        Assert.Equal("""{"x":"fine","y":null}""", WorkflowFixture.Text(result.Outputs));
        Assert.Equal(
            ["after skipped: it needs 'bad', which failed", "bad failure: fail failed: broken", "beside success: ", "later skipped: it needs 'after', which was held back", "other success: "],
            _fixture.Completed.Select(e => $"{e.Step} {e.Outcome}: {e.Message}").Order());
        Assert.IsType<WorkflowFailed>(_fixture.Events[^1]);
    }

    [Fact]
    public async Task A_step_that_may_fail_lets_the_others_run_and_tell_by_its_outcome()
    {
        AddFailing(int.MaxValue);
        _fixture.AddTool("say", (text, _) => Task.FromResult(text!));
        var result = await _fixture.RunAsync("""
            bad: {uses: fail, continue-on-error: true}
            fix: {uses: say, needs: bad, if: "steps.bad.outcome == 'failure'", with: {text: fixed}}
            cheer: {uses: say, needs: bad, if: "steps.bad.outcome == 'success'", with: {text: never}}
            end: {uses: say, needs: cheer, with: {text: "[${{ steps.cheer.outputs.text }}]"}}
            """, "outputs: {fix: \"${{ steps.fix.outputs.text }}\", cheer: \"${{ steps.cheer.outcome }}\", end: \"${{ steps.end.outputs.text }}\"}");
        Assert.Equal((RunStatus.Completed, """{"fix":"fixed","cheer":"skipped","end":"[]"}"""), (result.Status, WorkflowFixture.Text(result.Outputs)));
    }

    [Fact]
    public async Task A_failed_step_is_tried_again_with_growing_delays()
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.Zero };
        _fixture.Time = time;
        AddFailing(2);
        var run = _fixture.RunAsync("flaky: {uses: fail, retry: {max: 3, backoff: 10s, jitter: false}}");
        await AdvanceAsync(time, run);
        Assert.Equal((RunStatus.Completed, 3), ((await run).Status, _calls));
        Assert.Equal([(1, 10_000.0), (2, 20_000.0)], _fixture.Events.OfType<WorkflowStepRetrying>().Select(e => (e.Attempt, e.DelayMs)));
    }

    [Fact]
    public async Task What_the_policy_does_not_name_is_not_tried_again()
    {
        AddFailing(1);
        var result = await _fixture.RunAsync("flaky: {uses: fail, retry: {max: 3, on: timeout}}");
        Assert.Equal((RunStatus.Failed, 1), (result.Status, _calls));
    }

    [Fact]
    public async Task A_step_that_takes_too_long_is_stopped_and_tried_again()
    {
        var time = new FakeTimeProvider();
        _fixture.Time = time;
        _fixture.AddTool("hang", async (_, token) =>
        {
            if (Interlocked.Increment(ref _calls) == 1) await Task.Delay(Timeout.Infinite, token);
            return "done";
        });
        var run = _fixture.RunAsync("slow: {uses: hang, timeout: 30s, retry: {max: 1, backoff: 1s, on: timeout}}");
        await AdvanceAsync(time, run);
        Assert.Equal((RunStatus.Completed, 2), ((await run).Status, _calls));
        Assert.Equal("it took longer than its timeout of 30 s", _fixture.Events.OfType<WorkflowStepRetrying>().Single().Error);
    }

    [Fact]
    public async Task Items_run_side_by_side_and_give_lists_in_their_order()
    {
        AddBusy(together: 3);
        var result = await _fixture.RunAsync("""
            each:
              foreach: ${{ inputs.words }}
              max-parallel: 3
              uses: busy
              with: {text: "${{ index }}${{ item }}"}
              outputs: {loud: "${{ upper(result.text) }}"}
            """, "inputs: {words: list}\noutputs: {all: \"${{ steps.each.outputs.loud }}\"}", new() { ["words"] = new System.Text.Json.Nodes.JsonArray("a", "b", "c", "d", "e", "f", "g") });
        Assert.Equal("""{"all":["0A","1B","2C","3D","4E","5F","6G"]}""", WorkflowFixture.Text(result.Outputs));
        Assert.Equal((7, 3), (_calls, _most));
        Assert.Equal(7, _fixture.Completed.Single(e => e.Step == "each").Items);
    }

    [Fact]
    public async Task A_failed_item_fails_the_step_after_the_others_have_run()
    {
        _fixture.AddTool("pick", (text, _) => text == "b" ? throw new InvalidOperationException("no b") : Task.FromResult(text!));
        var result = await _fixture.RunAsync("""
            each: {foreach: [a, b, c], uses: pick, with: {text: "${{ item }}"}, continue-on-error: true}
            none: {foreach: "${{ fromJSON('[]') }}", uses: pick, with: {text: "${{ item }}"}}
            """, "outputs: {some: \"${{ steps.each.outputs.text }}\", none: \"${{ steps.none.outputs.text }}\"}");
        Assert.Equal("""{"some":["a",null,"c"],"none":[]}""", WorkflowFixture.Text(result.Outputs));
        Assert.Equal("1 of 3 items failed; [1]: pick failed: no b", _fixture.Completed.Single(e => e.Step == "each").Message);
    }

    [Fact]
    public async Task A_stopped_run_says_so_and_leaves_no_step_behind()
    {
        using var stop = new CancellationTokenSource();
        _fixture.AddTool("hang", async (_, token) =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
            return "";
        });
        var result = await _fixture.RunAsync("a: {uses: hang}\nb: {uses: hang, needs: a}", cancellationToken: stop.Token);
        Assert.Equal(RunStatus.Cancelled, result.Status);
        Assert.Equal("cancelled", Assert.IsType<WorkflowFailed>(_fixture.Events[^1]).Status);
        Assert.Equal(RunStatus.Cancelled, _fixture.Journal.Workflows.Load("last").Status);
    }

    private static async Task AdvanceAsync(FakeTimeProvider time, Task run)
    {
        while (!run.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(run, Task.Delay(1));
        }
    }

    private void AddFailing(int times) => _fixture.AddTool("fail", (_, _) => Interlocked.Increment(ref _calls) <= times ? throw new InvalidOperationException("broken") : Task.FromResult("done"));

    /// <summary>A tool that returns once as many of its calls run side by side as ever may; it fails when they never do.</summary>
    private void AddBusy(int together)
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _fixture.AddTool("busy", async (text, token) =>
        {
            Interlocked.Increment(ref _calls);
            var now = Interlocked.Increment(ref _running);
            lock (_fixture) _most = Math.Max(_most, now);
            if (now == together) all.TrySetResult();
            await all.Task.WaitAsync(TimeSpan.FromSeconds(30), token);
            Interlocked.Decrement(ref _running);
            return text ?? "";
        });
    }
}
