namespace AgentRuntime.Tools.Tests.Git;

public class GitDiffToolTests
{
    [Fact]
    public async Task ShowsChangesAgainstTheLastCommit()
    {
        using var repository = new TempRepository(git: true);
        repository.Write("a.txt", "one\ntwo\n");
        repository.Write("b/c.txt", "c\n");
        repository.Write(".gitignore", "out\n");
        repository.Commit();
        repository.Write("out", "x");
        Assert.Equal("no changes", (await repository.Call("git_diff")).Text);

        repository.Write("a.txt", "one\n2\n");
        repository.Write("b/new.txt", "n\n");
        var all = (await repository.Call("git_diff")).Text;
        Assert.StartsWith("diff --git a/a.txt b/a.txt\n", all, StringComparison.Ordinal);
        Assert.Contains("@@ -1,2 +1,2 @@\n one\n-two\n+2\n", all, StringComparison.Ordinal);
        Assert.EndsWith("--- /dev/null\n+++ b/b/new.txt\n@@ -0,0 +1 @@\n+n", all, StringComparison.Ordinal);
        var part = (await repository.Call("git_diff", ("path", "b"))).Text;
        Assert.StartsWith("diff --git a/b/new.txt b/b/new.txt\n", part, StringComparison.Ordinal);
        Assert.Equal("no changes", (await repository.Call("git_diff", ("path", "b/c.txt"))).Text);
    }

    [Fact]
    public async Task BeforeTheFirstCommitAllIsNew()
    {
        using var repository = new TempRepository(git: true);
        repository.Write("a.txt", "one\n");
        Assert.EndsWith("+one", (await repository.Call("git_diff")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderWithoutGitIsAnError()
    {
        using var repository = new TempRepository();
        Assert.Equal("error: the repository's folder is not under git", (await repository.Call("git_diff")).Text);
    }

    [Fact]
    public async Task LongDiffsAreCapped()
    {
        using var repository = new TempRepository(git: true);
        repository.Write("a", string.Concat(Enumerable.Repeat("a line of text\n", 3000)));
        var text = (await repository.Call("git_diff")).Text;
        Assert.InRange(text.Length, 29_000, 30_100);
        Assert.Matches(@"\n\[1\d\d\d more lines left out; give a path\]$", text);
    }
}
