using System.Text;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Reading;
using AgentRuntime.AgentHost.Workflows.Validation;

namespace AgentRuntime.AgentHost.Tests.Workflows;

/// <summary>
/// Every file of <c>broken</c> ends with comments that hold what is to be said about it: <c># expect line:column: message</c>,
/// with the file in front where it is another one.
/// </summary>
public sealed class BrokenWorkflowTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Workflows", "broken");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.yaml").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Says_everything_that_is_wrong_and_where(string file)
    {
        var path = Path.Combine(Folder, file);
        var expected = File.ReadLines(path).Where(l => l.StartsWith("# expect ", StringComparison.Ordinal)).Select(l => l["# expect ".Length..]).ToList();
        Assert.NotEmpty(expected);
        var error = Assert.Throws<WorkflowException>(() => WorkflowLoader.Load(path, WorkflowFixture.Tools));
        Assert.Equal(expected, error.Problems.Select(p => p.File == path ? $"{p.Mark}: {p.Message}" : $"{Path.GetRelativePath(Folder, p.File)}:{p.Mark}: {p.Message}"));
        Assert.All(error.Message.Split('\n'), line => Assert.Contains(".yaml:", line, StringComparison.Ordinal));
    }

    [Fact]
    public void There_are_at_least_sixty_of_them() => Assert.InRange(Files.Count, 60, 1000);

    [Theory]
    [InlineData("gone.yaml", "the file does not exist")]
    [InlineData("gone/gone.yaml", "the file does not exist")]
    [InlineData("called", "this is a folder")]
    [InlineData("", "this is a folder")]
    public void A_file_that_is_not_there(string file, string message) => Assert.Contains(message, Single(Path.Combine(Folder, file)), StringComparison.Ordinal);

    [Theory]
    [InlineData("version: 1\nname: \u00e9\u0000\nsteps: {}\n", "2:8: the control character U+0000 is not allowed")]
    [InlineData("\u0000", "1:1: the control character U+0000 is not allowed")]
    [InlineData("a: b\u001b[31m", "1:5: the control character U+001B is not allowed")]
    [InlineData("{{{{{{", "")]
    [InlineData("? ? ? ? a", "")]
    [InlineData("%YAML 9.9\n---\na: b\n", "")]
    [InlineData("a: b: c: d", "this is not YAML")]
    [InlineData("\"\\ud800\"", "")]
    public void Text_that_is_hardly_YAML(string text, string message)
    {
        var problems = new ProblemList("x.yaml");
        WorkflowReader.Read(text, problems);
        Assert.NotEqual(0, problems.Count);
        Assert.Contains(message, problems.InOrder()[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Bombs_of_every_kind_are_refused_at_once()
    {
        using var folder = new WorkflowFixture();
        var bombs = new (string Text, string Message)[]
        {
            (new string('[', 1_000_000), "nested deeper than 32"),
            (string.Concat(Enumerable.Repeat("{a: ", 200_000)), "nested deeper than 32"),
            (string.Concat(Enumerable.Repeat("- ", 400_000)), "nested deeper than 32"),
            ("a: [" + string.Concat(Enumerable.Repeat("x,", 400_000)) + "]", "more than 50,000 values"),
            ("a: " + new string('x', 2_000_000), "larger than 1024 KiB"),
            ("version: 1\nname: x\nsteps:\n  a:\n    run: >-\n" + string.Concat(Enumerable.Repeat("      ${{ x }}\n", 45_000)), "there is no 'x'"),
            ("a: &a [x]\nb: &b [*a, *a]\n", "anchor '&a' is not allowed"),
            ("version: 1\nname: x\nsteps:\n" + string.Concat(Enumerable.Range(0, 600).Select(i => $"  s{i}: {{run: ls}}\n")), "more than 500 steps"),
            ("version: 1\nname: x\nsteps:\n" + string.Concat(Enumerable.Range(0, 400).Select(i => $"  s{i}: {{rnu: ls}}\n")), "has none of the keys"),
        };
        foreach (var (text, message) in bombs)
        {
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            var error = Assert.Throws<WorkflowException>(() => WorkflowLoader.Load(folder.Write("bomb.yaml", text), WorkflowFixture.Tools));
            Assert.Contains(message, error.Problems[0].Message, StringComparison.Ordinal);
            Assert.InRange(error.Problems.Count, 1, ProblemList.Limit);
            Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
        }
    }

    [Fact]
    public void A_file_that_is_not_UTF8()
    {
        using var folder = new WorkflowFixture();
        var file = folder.Write("latin.yaml", "");
        File.WriteAllBytes(file, Encoding.Latin1.GetBytes("name: é\n"));
        Assert.Contains("not UTF-8", Single(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_is_not_read_without_end()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "There is no /dev/zero here.");
        Assert.Contains("larger than", Single("/dev/zero"), StringComparison.Ordinal);
    }

    [Fact]
    public void Workflows_that_call_each_other_without_end()
    {
        using var folder = new WorkflowFixture();
        for (var i = 0; i < 20; i++) folder.Write($"w{i}.yaml", $"version: 1\nname: x\nsteps:\n  a: {{uses: ./w{i + 1}.yaml}}\n");
        var file = folder.Write("w20.yaml", "version: 1\nname: x\nsteps:\n  a: {run: ls}\n");
        Assert.Contains("more than 8 levels deep", Single(Path.Combine(Path.GetDirectoryName(file)!, "w0.yaml")), StringComparison.Ordinal);
        folder.Write("many.yaml", "version: 1\nname: x\nsteps:\n" + string.Concat(Enumerable.Range(0, 150).Select(i => $"  s{i}: {{uses: ./m{i}.yaml}}\n")));
        for (var i = 0; i < 150; i++) folder.Write($"m{i}.yaml", "version: 1\nname: x\nsteps:\n  a: {run: ls}\n");
        var error = Assert.Throws<WorkflowException>(() => WorkflowLoader.Load(Path.Combine(folder.Folder, "many.yaml"), WorkflowFixture.Tools));
        Assert.Contains("more than 100 others", error.Problems[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_damage_to_a_sound_file_is_told_or_harmless()
    {
        using var folder = new WorkflowFixture();
        var whole = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Workflows", "sound", "everything.yaml"));
        var random = new Random(11);
        var bits = new[] { "${{", "}}", "'", "\"", "\t", "\n", ":", "- ", "[", "]", "{", "}", "&a ", "*a", "!!x ", "#", "\u0007", "|", ">", "0", "null" };
        for (var i = 0; i < Counts.Of("AGENTRT_WORKFLOW_MUTATIONS", 300); i++)
        {
            var text = new StringBuilder(whole);
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var at = random.Next(text.Length);
                if (random.Next(2) == 0) text.Remove(at, Math.Min(random.Next(1, 9), text.Length - at));
                else text.Insert(at, bits[random.Next(bits.Length)]);
            }
            var problems = new ProblemList(folder.Write("x.yaml", text.ToString()));
            // What it must never do is throw.
            WorkflowLoader.Load(WorkflowFixture.Tools, problems);
            Assert.All(problems.InOrder(), p => Assert.True(p.Mark is { Line: > 0, Column: > 0 } && !p.Message.Contains('\n')));
        }
    }

    private static string Single(string file) =>
        Assert.Single(Assert.Throws<WorkflowException>(() => WorkflowLoader.Load(file, WorkflowFixture.Tools)).Problems).Message;
}
