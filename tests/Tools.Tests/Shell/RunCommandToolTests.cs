using System.Diagnostics;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Tools.Tests.Shell;

public class RunCommandToolTests
{
    public RunCommandToolTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a Unix shell");

    [Theory]
    [InlineData("echo one; echo two >&2; echo three", "one\ntwo\nthree\nexit code 0")]
    [InlineData("exit 3", "exit code 3")]
    [InlineData("printf 'a\\n\\n  '", "a\nexit code 0")]
    [InlineData("printf 'grün 🙂'", "grün 🙂\nexit code 0")]
    [InlineData("cat", "exit code 0")]
    [InlineData("kill -9 $$", "exit code 137")]
    public async Task ShowsOutputAndExitCode(string command, string expected)
    {
        using var repository = new TempRepository();
        Assert.Equal(expected, (await Run(repository, command)).Text);
    }

    [Fact]
    public async Task RunsInTheRepositoryAndHidesItsPath()
    {
        using var repository = new TempRepository();
        repository.Write("src/a", "");
        Assert.Equal("src/a [x.csproj]\nexit code 0", (await Run(repository, "echo $PWD/src/a \"[$PWD/x.csproj]\"")).Text);
    }

    [Fact]
    public async Task TheEnvironmentIsShort()
    {
        Environment.SetEnvironmentVariable("AGENTRT_TEST_SECRET", "s");
        using var repository = new TempRepository();
        Assert.Equal("TERM=dumb\nexit code 0", (await Run(repository, "env | grep -E 'SECRET|^TERM='")).Text);
    }

    [Fact]
    public async Task LongOutputKeepsHeadAndTail()
    {
        using var repository = new TempRepository();
        var text = (await Run(repository, "seq 1 100000")).Text;
        Assert.StartsWith("1\n2\n", text, StringComparison.Ordinal);
        Assert.Contains("characters left out …]", text, StringComparison.Ordinal);
        Assert.EndsWith("99999\n100000\nexit code 0", text, StringComparison.Ordinal);
        Assert.InRange(text.Length, 30_000, 30_100);
    }

    [Fact]
    public async Task OutputIsStreamed()
    {
        using var repository = new TempRepository();
        var pieces = new Collected();
        var arguments = new AIFunctionArguments
        {
            ["command"] = "echo one; echo two",
            Context = new Dictionary<object, object?> { [typeof(IProgress<string>)] = pieces },
        };
        await repository.Tool("run_command").InvokeAsync(arguments);
        Assert.Equal("one\ntwo\n", string.Concat(pieces.Items));
    }

    [Fact]
    public async Task TheTimeoutEndsTheWholeGroup()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        using var repository = new TempRepository();
        var watch = Stopwatch.StartNew();
        var result = await Run(repository, "echo before; (sleep 98.25 & echo $! > pid; wait) & sleep 98.25", 1);
        Assert.Equal("before\ntimed out after 1 s", result.Text);
        Assert.Equal("timeout", result.ErrorKindName);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.9, 10);
        AssertEnded(repository.Read("pid").Trim());
    }

    [Fact]
    public async Task CancellationEndsTheCommand()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        using var repository = new TempRepository();
        using var cancel = new CancellationTokenSource();
        var pieces = new Collected { OnReport = cancel.Cancel };
        var arguments = new AIFunctionArguments
        {
            ["command"] = "echo $$ > pid; echo started; sleep 98.5",
            Context = new Dictionary<object, object?> { [typeof(IProgress<string>)] = pieces },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await repository.Tool("run_command").InvokeAsync(arguments, cancel.Token));
        AssertEnded(repository.Read("pid").Trim());
    }

    [Fact]
    public async Task ABackgroundProcessDoesNotHoldTheCommand()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        using var repository = new TempRepository();
        var watch = Stopwatch.StartNew();
        Assert.Equal("done\nexit code 0", (await Run(repository, "sleep 98.75 & echo $! > pid; echo done")).Text);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 10);
        AssertEnded(repository.Read("pid").Trim());
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("true", 0)]
    [InlineData("true", 601)]
    [InlineData("a\0b", null)]
    public async Task WrongArgumentsAreAResult(string command, int? timeout)
    {
        using var repository = new TempRepository();
        Assert.Equal(ToolErrorKind.InvalidArguments, (await Run(repository, command, timeout)).ErrorKind);
    }

    private static Task<ToolResult> Run(TempRepository repository, string command, int? timeout = null) =>
        repository.Call("run_command", ("command", command), ("timeout_seconds", timeout));

    // A process that was killed is gone a moment later.
    private static void AssertEnded(string id) => Assert.True(SpinWait.SpinUntil(() => !IsRunning(id), TimeSpan.FromSeconds(5)));

    /// <summary>Whether a process is there and is no zombie that waits for its parent to look.</summary>
    private static bool IsRunning(string id)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{id}/stat");
            return status[status.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    private sealed class Collected : IProgress<string>
    {
        public List<string> Items { get; } = [];

        public Action? OnReport { get; init; }

        public void Report(string value)
        {
            Items.Add(value);
            OnReport?.Invoke();
        }
    }
}
