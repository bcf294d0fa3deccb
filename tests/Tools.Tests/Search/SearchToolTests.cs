namespace AgentRuntime.Tools.Tests.Search;

public class SearchToolTests
{
    [Fact]
    public async Task ShowsPathLineAndTrimmedText()
    {
        using var repository = new TempRepository();
        repository.Write("b.cs", "  int total;\r\n\n\ttotal = 1; \r\n");
        repository.Write("a/x.cs", "Total\ntotal");
        Assert.Equal("a/x.cs:2: total\nb.cs:1: int total;\nb.cs:3: total = 1;", (await Search(repository, "total")).Text);
        Assert.Equal("a/x.cs:1: Total\na/x.cs:2: total", (await Search(repository, "(?i)^total$")).Text);
        Assert.Equal("b.cs:1: int total;", (await Search(repository, "int", "b.cs")).Text);
        Assert.Equal("no matches", (await Search(repository, "none")).Text);
    }

    [Fact]
    public async Task PassesOverBinaryIgnoredAndHugeFiles()
    {
        using var repository = new TempRepository();
        repository.Write(".gitignore", "out/");
        repository.Write("out/a", "needle");
        repository.Write("binary", "needle\0"u8.ToArray());
        repository.Write("huge", "needle" + new string(' ', 3_000_000));
        repository.Write("a", "needle");
        Assert.Equal("a:1: needle", (await Search(repository, "needle")).Text);
    }

    [Fact]
    public async Task HitsAndLinesAreCapped()
    {
        using var repository = new TempRepository();
        repository.Write("a", string.Concat(Enumerable.Repeat("hit\n", 500)));
        var text = (await Search(repository, "hit")).Text;
        Assert.EndsWith("a:200: hit\n[more than 200 matches; narrow the pattern or the path]", text, StringComparison.Ordinal);
        repository.Write("a", new string('y', 299) + "🙂🙂");
        Assert.EndsWith("y [… 4 characters left out …]", (await Search(repository, "y")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BadAndExpensivePatternsAreResults()
    {
        using var repository = new TempRepository();
        repository.Write("a", new string('a', 60) + "!");
        Assert.StartsWith("error: the pattern is no valid regular expression: ", (await Search(repository, "(")).Text, StringComparison.Ordinal);
        Assert.Equal(ToolErrorKind.InvalidArguments, (await Search(repository, "")).ErrorKind);
        Assert.Equal("no matches", (await Search(repository, "^(a+)+$")).Text);
        // A look-ahead needs the backtracking engine, which the timeout ends.
        Assert.Equal(ToolErrorKind.Timeout, (await Search(repository, "^(?=a)(a+)+$")).ErrorKind);
    }

    private static Task<ToolResult> Search(TempRepository repository, string pattern, string? path = null) =>
        repository.Call("search", ("pattern", pattern), ("path", path));
}
