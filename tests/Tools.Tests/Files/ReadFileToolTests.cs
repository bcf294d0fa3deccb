namespace AgentRuntime.Tools.Tests.Files;

public class ReadFileToolTests
{
    [Theory]
    [InlineData("one\ntwo\n", "1: one\n2: two")]
    [InlineData("one\r\ntwo", "1: one\n2: two")]
    [InlineData("one\n\n", "1: one\n2: ")]
    [InlineData("a\u2028b\fc\n", "1: a\u2028b\fc")]
    [InlineData("", "(empty file)")]
    public async Task ShowsLinesWithNumbers(string text, string expected)
    {
        using var repository = new TempRepository();
        repository.Write("a", text);
        Assert.Equal(expected, (await repository.Call("read_file", ("path", "a"))).Text);
    }

    [Theory]
    [InlineData(2, 3, "2: b\n3: c")]
    [InlineData(3, null, "3: c\n4: d")]
    [InlineData(null, 1, "1: a")]
    [InlineData(4, 99, "4: d")]
    [InlineData(5, null, "error: a has lines 1 to 4; start 5 is not among them")]
    [InlineData(0, null, "error: a has lines 1 to 4; start 0 is not among them")]
    [InlineData(3, 2, "error: end is before start 3")]
    public async Task ShowsARange(int? start, int? end, string expected)
    {
        using var repository = new TempRepository();
        repository.Write("a", "a\nb\nc\nd\n");
        Assert.Equal(expected, (await repository.Call("read_file", ("path", "a"), ("start", start), ("end", end))).Text);
    }

    [Fact]
    public async Task LongFilesAndLinesAreCapped()
    {
        using var repository = new TempRepository();
        repository.Write("many", string.Concat(Enumerable.Repeat("x\n", 1500)));
        var many = (await repository.Call("read_file", ("path", "many"))).Text;
        Assert.EndsWith("1000: x\n[lines 1 to 1000 of 1500; read on with start 1001]", many, StringComparison.Ordinal);

        repository.Write("long", string.Concat(Enumerable.Repeat(new string('y', 3000) + "\n", 100)));
        var longText = (await repository.Call("read_file", ("path", "long"))).Text;
        Assert.Contains("[… 1000 characters left out …]", longText, StringComparison.Ordinal);
        Assert.InRange(longText.Length, 40_000, 43_000);
    }

    [Fact]
    public async Task AMissingFileIsAnError()
    {
        using var repository = new TempRepository();
        Assert.Equal("error: none does not exist", (await repository.Call("read_file", ("path", "none"))).Text);
    }
}
