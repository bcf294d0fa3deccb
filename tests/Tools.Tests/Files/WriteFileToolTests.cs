using System.Text;

namespace AgentRuntime.Tools.Tests.Files;

public class WriteFileToolTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("a", 1)]
    [InlineData("a\n", 1)]
    [InlineData("a\nb", 2)]
    [InlineData("a\n\n", 2)]
    public async Task CreatesFilesAndFolders(string content, int lines)
    {
        using var repository = new TempRepository();
        var result = await Write(repository, "new/deep/a.txt", content);
        Assert.Equal($"wrote new/deep/a.txt ({lines} lines)", result.Text);
        Assert.Equal(content, repository.Read("new/deep/a.txt"));
        Assert.NotNull(result.Diff);
    }

    [Fact]
    public async Task KeepsLineEndsAndByteOrderMarkOfTheFile()
    {
        using var repository = new TempRepository();
        repository.Write("a", [.. Encoding.UTF8.Preamble, .. "a\r\nb\r\n"u8]);
        Assert.Equal("wrote a (2 lines)", (await Write(repository, "a", "c\nd\n")).Text);
        Assert.Equal([.. Encoding.UTF8.Preamble, .. "c\r\nd\r\n"u8], File.ReadAllBytes(repository.At("a")));
    }

    [Fact]
    public async Task AFolderOrAFileAsFolderIsAnError()
    {
        using var repository = new TempRepository();
        repository.Write("d/a", "");
        Assert.Equal("error: d is a folder", (await Write(repository, "d", "x")).Text);
        Assert.Equal(ToolErrorKind.System, (await Write(repository, "d/a/b", "x")).ErrorKind);
        Assert.Equal(["a"], Directory.GetFileSystemEntries(repository.At("d")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task TextThatUtf8CannotHoldIsRefused()
    {
        using var repository = new TempRepository();
        Assert.Equal("invalid_arguments", (await Write(repository, "a", "\uD800")).ErrorKindName);
        Assert.False(File.Exists(repository.At("a")));
    }

    private static Task<ToolResult> Write(TempRepository repository, string path, string content) =>
        repository.Call("write_file", ("path", path), ("content", content));
}
