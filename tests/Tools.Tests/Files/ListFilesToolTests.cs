namespace AgentRuntime.Tools.Tests.Files;

public class ListFilesToolTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ListsInOrdinalOrderWithoutIgnoredFiles(bool git)
    {
        using var repository = new TempRepository(git: git);
        repository.Write(".gitignore", "bin/\n*.log\n!keep.log\n/top.txt\n");
        repository.Write("a/.gitignore", "local\n/only-here\n!deep.log\nx/y\n");
        foreach (var path in new[]
        {
            "top.txt", "b/top.txt", "bin/x", "b/bin/x", "x.log", "keep.log", "a/deep.log", "a/c/deep.log", "b/deep.log", "a/local", "a/c/local",
            "b/local", "a/only-here", "a/c/only-here", "a/x/y/z", "a/c/x/y", "a-b/f", "a.txt", "Z", "é",
        })
            repository.Write(path, "");

        var expected = new[]
        {
            ".gitignore", "Z", "a-b/f", "a.txt", "a/.gitignore", "a/c/deep.log", "a/c/only-here", "a/c/x/y", "a/deep.log",
            "b/local", "b/top.txt", "keep.log", "é",
        };
        Assert.Equal(expected, (await repository.Call("list_files")).Text.Split('\n'));
        Assert.Equal(expected.Where(p => p.StartsWith("a/", StringComparison.Ordinal)), (await repository.Call("list_files", ("path", "a"))).Text.Split('\n'));
        Assert.Equal(["a/c/deep.log", "a/c/only-here", "a/c/x/y"], (await repository.Call("list_files", ("path", "a/c/"))).Text.Split('\n'));
        Assert.Equal("no files", (await repository.Call("list_files", ("path", "bin"))).Text);
        Assert.Equal("Z", (await repository.Call("list_files", ("path", "Z"))).Text);
    }

    [Fact]
    public async Task GitFoldersAndLinkedFoldersAreNotEntered()
    {
        using var repository = new TempRepository(git: true);
        repository.Write("sub/.GIT/config", "x");
        repository.Write("sub/a", "x");
        Directory.CreateSymbolicLink(repository.At("sub/up"), "..");
        Assert.Equal("sub/a", (await repository.Call("list_files", ("path", "."))).Text);
    }

    [Fact]
    public async Task EmptyMissingAndCapped()
    {
        using var repository = new TempRepository();
        Assert.Equal("no files", (await repository.Call("list_files")).Text);
        Assert.Equal("error: none does not exist", (await repository.Call("list_files", ("path", "none"))).Text);
        for (var i = 0; i < 1003; i++)
            repository.Write($"f{i:0000}", "");
        Assert.EndsWith("f0999\n[3 more files left out; list one folder at a time]", (await repository.Call("list_files")).Text, StringComparison.Ordinal);
    }
}
