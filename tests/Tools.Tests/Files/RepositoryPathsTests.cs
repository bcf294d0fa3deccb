using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;
using LibGit2Sharp;

namespace AgentRuntime.Tools.Tests.Files;

public class RepositoryPathsTests
{
    [Theory]
    [InlineData("../outside/secret")]
    [InlineData("a/../../outside/secret")]
    [InlineData("..")]
    [InlineData("/etc/passwd")]
    public async Task PathsOutOfTheRepositoryAreRefused(string path)
    {
        using var repository = new TempRepository();
        File.WriteAllText(Path.Combine(repository.Outside, "secret"), "s");
        foreach (var result in new[]
        {
            await repository.Call("read_file", ("path", path)),
            await repository.Call("write_file", ("path", path), ("content", "x")),
            await repository.Call("edit_file", ("path", path), ("old", "s"), ("new", "x")),
            await repository.Call("list_files", ("path", path)),
            await repository.Call("search", ("pattern", "s"), ("path", path)),
        })
            Assert.Equal(ToolErrorKind.OutsideRepository, result.ErrorKind);
        Assert.Equal("s", File.ReadAllText(Path.Combine(repository.Outside, "secret")));
    }

    [Theory]
    [InlineData("link/secret")]
    [InlineData("link/new/file")]
    [InlineData("file")]
    [InlineData("hanging")]
    [InlineData("twice/secret")]
    public async Task LinksOutOfTheRepositoryAreRefused(string path)
    {
        using var repository = new TempRepository();
        File.WriteAllText(Path.Combine(repository.Outside, "secret"), "s");
        Directory.CreateSymbolicLink(repository.At("link"), repository.Outside);
        Directory.CreateSymbolicLink(repository.At("twice"), "link");
        File.CreateSymbolicLink(repository.At("file"), "../outside/secret");
        File.CreateSymbolicLink(repository.At("hanging"), "../outside/none");
        Assert.Equal(ToolErrorKind.OutsideRepository, (await repository.Call("read_file", ("path", path))).ErrorKind);
        Assert.Equal(ToolErrorKind.OutsideRepository, (await repository.Call("write_file", ("path", path), ("content", "x"))).ErrorKind);
        Assert.Equal("no matches", (await repository.Call("search", ("pattern", "s"))).Text);
        Assert.Equal(["secret"], Directory.GetFileSystemEntries(repository.Outside).Select(Path.GetFileName));
    }

    [Fact]
    public async Task LinksInsideAreFollowedAndKept()
    {
        using var repository = new TempRepository();
        repository.Write("real/a", "one");
        Directory.CreateSymbolicLink(repository.At("link"), "real");
        File.CreateSymbolicLink(repository.At("b"), "link/a");
        Assert.Equal("edited b:1", (await repository.Call("edit_file", ("path", "b"), ("old", "one"), ("new", "two"))).Text);
        Assert.Equal("two", repository.Read("real/a"));
        Assert.Equal("link/a", new FileInfo(repository.At("b")).LinkTarget);
    }

    [Fact]
    public async Task ACircleOfLinksIsRefused()
    {
        using var repository = new TempRepository();
        File.CreateSymbolicLink(repository.At("a"), "b");
        File.CreateSymbolicLink(repository.At("b"), "a");
        Assert.Equal(ToolErrorKind.InvalidArguments, (await repository.Call("read_file", ("path", "a"))).ErrorKind);
    }

    [Theory]
    [InlineData(".git/config")]
    [InlineData(".GIT/config")]
    [InlineData(".Git")]
    [InlineData("./.git/hooks/pre-commit")]
    [InlineData("sub/.git")]
    [InlineData("sub/.git/config")]
    [InlineData(".git./config")]
    [InlineData(".g\u200cit/config")]
    [InlineData("GIT~1/config")]
    [InlineData("alias/config")]
    [InlineData("alias/new")]
    [InlineData("config-link")]
    public async Task GitIsNeverTouched(string path)
    {
        using var repository = new TempRepository(git: true);
        Directory.CreateSymbolicLink(repository.At("alias"), ".git");
        File.CreateSymbolicLink(repository.At("config-link"), repository.At(".git/config"));
        var config = repository.Read(".git/config");
        Assert.Equal(ToolErrorKind.Denied, (await repository.Call("write_file", ("path", path), ("content", "x"))).ErrorKind);
        Assert.Equal(ToolErrorKind.Denied, (await repository.Call("edit_file", ("path", path), ("old", "a"), ("new", "b"))).ErrorKind);
        Assert.Equal(ToolErrorKind.Denied, (await repository.Call("read_file", ("path", path))).ErrorKind);
        Assert.Equal(config, repository.Read(".git/config"));
    }

    [Fact]
    public async Task DotsBeforeGitAreRefused()
    {
        using var repository = new TempRepository(git: true);
        repository.Write("foo/a", "");
        var config = repository.Read(".git/config");
        Assert.True((await repository.Call("write_file", ("path", "foo/../.git/config"), ("content", "x"))).IsError);
        Assert.Equal(config, repository.Read(".git/config"));
    }

    [Fact]
    public async Task AGitFolderOfAnotherNameIsNeverTouched()
    {
        using var source = new TempRepository(git: true);
        Directory.Move(source.At(".git"), source.At("store"));
        source.Write(".git", "gitdir: store\n");
        Assert.True(Repository.IsValid(source.At("store")));

        // The context looks at .git when it is made.
        using var approval = new ApprovalGate(new ApprovalPolicy(ApprovalMode.Auto, sandboxed: true));
        var context = new ToolContext(source.Root, new NoSandbox(), approval);
        var write = RepositoryTools.Create(context).Single(tool => tool.Name == "write_file");
        var result = (ToolResult)(await write.InvokeAsync(new() { ["path"] = "store/config", ["content"] = "x" }))!;
        Assert.Equal(ToolErrorKind.Denied, result.ErrorKind);
        Assert.Equal([source.At(".git"), source.At("store")], context.Paths.FindGitFolders());
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    public async Task StrangePathsAreRefused(string path)
    {
        using var repository = new TempRepository();
        Assert.Equal(ToolErrorKind.InvalidArguments, (await repository.Call("read_file", ("path", path))).ErrorKind);
    }

    [Fact]
    public async Task AbsolutePathsInsideAreTaken()
    {
        using var repository = new TempRepository();
        repository.Write("src/a", "x");
        Assert.Equal("edited src/a:1", (await repository.Call("edit_file", ("path", repository.At("src//./a")), ("old", "x"), ("new", "y"))).Text);
        var neighbour = repository.Root + "sitory/a";
        Assert.Equal(ToolErrorKind.OutsideRepository, (await repository.Call("read_file", ("path", neighbour))).ErrorKind);
    }

    [Fact]
    public async Task PipesAreNotOpened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/mkfifo"), "needs mkfifo");
        using var repository = new TempRepository();
        using var make = System.Diagnostics.Process.Start("/usr/bin/mkfifo", [repository.At("pipe")]);
        await make.WaitForExitAsync();
        Assert.Equal("error: pipe is no regular file", (await repository.Call("read_file", ("path", "pipe"))).Text);
        Assert.True((await repository.Call("write_file", ("path", "pipe"), ("content", "x"))).IsError);
        Assert.Equal("no matches", (await repository.Call("search", ("pattern", "."))).Text);
    }
}
