using System.Net;
using System.Net.Sockets;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Tools.Tests.Sandbox;

public class BubblewrapSandboxTests
{
    public BubblewrapSandboxTests() => Assert.SkipUnless(SandboxProbe.Status.Works, SandboxProbe.Status.Detail);

    [Fact]
    public async Task TheRepositoryIsWritableAndTheRestIsNot()
    {
        using var repository = Sandboxed(git: true);
        File.WriteAllText(Path.Combine(repository.Outside, "a"), "");
        var result = await Run(repository, "echo x > new; touch /etc/agentrt-test /usr/agentrt-test ~/ok .git/config; mv .git other; ls ..; echo y > .git/hooks/post-commit");
        Assert.Equal("x\n", repository.Read("new"));
        Assert.Contains("cannot touch '/etc/agentrt-test': Read-only file system", result.Text, StringComparison.Ordinal);
        Assert.Contains("cannot touch '.git/config': Read-only file system", result.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("outside", result.Text, StringComparison.Ordinal);
        Assert.False(File.Exists(repository.At(".git/hooks/post-commit")));
        Assert.True(Directory.Exists(repository.At(".git")));
        Assert.NotEqual(0, result.ExitCode);
    }

    [Fact]
    public async Task GitOfSubmodulesIsReadOnly()
    {
        using var repository = Sandboxed();
        repository.Write("sub/.git", "gitdir: elsewhere");
        repository.Write("vendor/other/.git/config", "x");
        await Run(repository, "echo y > sub/.git; rm -rf vendor/other/.git; echo y > vendor/other/.git/config");
        Assert.Equal("gitdir: elsewhere", repository.Read("sub/.git"));
        Assert.Equal("x", repository.Read("vendor/other/.git/config"));
    }

    [Fact]
    public async Task TmpIsPrivate()
    {
        using var repository = Sandboxed();
        var name = "agentrt-" + Guid.NewGuid().ToString("N");
        Assert.Equal("exit code 0", (await Run(repository, $"echo x > /tmp/{name}")).Text);
        Assert.False(File.Exists("/tmp/" + name));
        Assert.Equal(1, (await Run(repository, $"test -e /tmp/{name}")).ExitCode);
    }

    [Fact]
    public async Task ThereIsNoNetwork()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "connects with bash's /dev/tcp");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var connect = $"echo hi > /dev/tcp/127.0.0.1/{port}";
        using var open = new TempRepository();
        Assert.Equal(0, (await Run(open, connect)).ExitCode);
        using var repository = Sandboxed();
        Assert.NotEqual(0, (await Run(repository, connect)).ExitCode);
        Assert.Equal("lo\nexit code 0", (await Run(repository, "ls /sys/class/net > /dev/null; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '")).Text);
    }

    [Fact]
    public async Task TheEnvironmentIsShortAndNoProcessIsInSight()
    {
        Environment.SetEnvironmentVariable("AGENTRT_TEST_SECRET", "s");
        using var repository = Sandboxed();
        Assert.Equal("HOME=/tmp/home\nTERM=dumb\nexit code 0", (await Run(repository, "env | grep -E 'SECRET|^TERM=|^HOME=' | sort")).Text);
        Assert.Equal("exit code 1", (await Run(repository, $"test -e /proc/{Environment.ProcessId}/environ && grep -q SECRET /proc/*/environ")).Text);
        Assert.Equal("0000000000000000\nexit code 0", (await Run(repository, "awk '/CapEff/ { print $2 }' /proc/self/status")).Text);
    }

    [Fact]
    public async Task TheTimeoutLeavesNothingRunning()
    {
        using var repository = Sandboxed();
        var mark = $"97.{Environment.ProcessId}1";
        var result = await Run(repository, $"(setsid sleep {mark} &) ; echo before; sleep {mark}", 1);
        Assert.Equal("before\ntimed out after 1 s", result.Text);
        Assert.True(SpinWait.SpinUntil(() => !CommandLines().Any(line => line.Contains(mark, StringComparison.Ordinal)), TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task ABackgroundProcessEndsWithItsCommand()
    {
        using var repository = Sandboxed();
        var mark = $"97.{Environment.ProcessId}2";
        Assert.Equal("done\nexit code 0", (await Run(repository, $"setsid sleep {mark} & echo done")).Text);
        Assert.True(SpinWait.SpinUntil(() => !CommandLines().Any(line => line.Contains(mark, StringComparison.Ordinal)), TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task TheToolsErrorsOfTheSandboxAreTold()
    {
        using var repository = Sandboxed();
        Directory.Delete(repository.Root, recursive: true);
        var result = await Run(repository, "true");
        Assert.Equal(ToolErrorKind.System, result.ErrorKind);
        Assert.DoesNotContain('\n', result.Text);
    }

    private static TempRepository Sandboxed(bool git = false) =>
        new(SandboxProbe.Status.Sandbox, new ApprovalPolicy(ApprovalMode.Auto, sandboxed: true), git: git);

    private static Task<ToolResult> Run(TempRepository repository, string command, int? timeout = null) =>
        repository.Call("run_command", ("command", command), ("timeout_seconds", timeout));

    private static IEnumerable<string> CommandLines()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])))
        {
            string line;
            try
            {
                line = File.ReadAllText(folder + "/cmdline");
            }
            catch (IOException)
            {
                continue;
            }
            catch (UnauthorizedAccessException)
            {
                continue;
            }

            yield return line;
        }
    }
}
