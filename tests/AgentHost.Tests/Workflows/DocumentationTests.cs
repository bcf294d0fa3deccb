using System.Text.RegularExpressions;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Reading;
using AgentRuntime.AgentHost.Workflows.Validation;

namespace AgentRuntime.AgentHost.Tests.Workflows;

/// <summary>docs/workflows.md says what the program does.</summary>
public sealed class DocumentationTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "workflows.md"));

    [Fact]
    public void Its_whole_workflows_are_sound()
    {
        using var fixture = new WorkflowFixture();
        var workflows = Regex.Matches(Text, "```yaml\n(.*?)```", RegexOptions.Singleline).Select(m => m.Groups[1].Value).Where(t => t.Contains("\nsteps:\n", StringComparison.Ordinal)
            // The tutorial's broken one.
            && !t.StartsWith("# wrong.yaml\n", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(workflows);
        foreach (var workflow in workflows) WorkflowLoader.Load(fixture.Write("w.yaml", workflow), WorkflowFixture.Tools);
    }

    [Fact]
    public void Every_key_is_in_it() =>
        Assert.All(WorkflowKeys.All.SelectMany(s => s.Keys), key => Assert.Matches($"`{Regex.Escape(key.Name)}[`:]", Text));

    [Fact]
    public void Every_function_is_in_it_as_it_is() =>
        Assert.All(ExpressionFunctions.All, f => Assert.Contains($"| `{f.Signature}` | {f.Summary} |", Text, StringComparison.Ordinal));
}
