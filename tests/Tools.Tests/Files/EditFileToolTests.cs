using System.Text;

namespace AgentRuntime.Tools.Tests.Files;

public class EditFileToolTests
{
    [Fact]
    public async Task ReplacesTheOneMatchAndSaysItsLine()
    {
        using var repository = new TempRepository();
        repository.Write("src/a.cs", "one\ntwo\nthree\n");
        var result = await Edit(repository, "src/a.cs", "two\nth", "zwei\nth");
        Assert.Equal("edited src/a.cs:2", result.Text);
        Assert.False(result.IsError);
        Assert.Equal("one\nzwei\nthree\n", repository.Read("src/a.cs"));
        Assert.StartsWith("--- a/src/a.cs\n+++ b/src/a.cs\n@@ ", result.Diff!.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("-two", result.Diff, StringComparison.Ordinal);
        Assert.Contains("+zwei", result.Diff, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", "error: old text not found in a; read the file and copy the text exactly", "no_match")]
    [InlineData("x = 1", "error: old text occurs 2 times in a (lines 1, 3); include more of the surrounding text", "ambiguous")]
    [InlineData("zz", "error: old text occurs 2 times in a (lines 4, 4); include more of the surrounding text", "ambiguous")]
    [InlineData("", "error: old is empty; write_file creates a file", "invalid_arguments")]
    [InlineData("new", "error: old and new are the same; nothing to change", "invalid_arguments")]
    public async Task WhatIsNotOneMatchChangesNothing(string old, string expected, string kind)
    {
        using var repository = new TempRepository();
        const string text = "x = 1\ny = 2\nx = 1\nzzz\n";
        repository.Write("a", text);
        var result = await Edit(repository, "a", old, "new");
        Assert.Equal(expected, result.Text);
        Assert.Equal(kind, result.ErrorKindName);
        Assert.Equal(text, repository.Read("a"));
    }

    [Fact]
    public async Task AMissingFileIsAnError()
    {
        using var repository = new TempRepository();
        var result = await Edit(repository, "src/none.cs", "a", "b");
        Assert.Equal("error: src/none.cs does not exist", result.Text);
        Assert.Equal("not_found", result.ErrorKindName);
    }

    [Theory]
    [InlineData("a\r\nb\r\nc\r\n", "a\nb", "x\ny", "x\r\ny\r\nc\r\n")]
    [InlineData("a\r\nb\r\nc\r\n", "b", "x\ny", "a\r\nx\r\ny\r\nc\r\n")]
    [InlineData("a\r\nb\r\nc\r\n", "a\r\nb", "x\r\ny", "x\r\ny\r\nc\r\n")]
    [InlineData("a\nb\nc\n", "a\r\nb", "x\ny", "x\ny\nc\n")]
    public async Task LineEndsOfTheFileAreKept(string text, string old, string @new, string expected)
    {
        using var repository = new TempRepository();
        repository.Write("a", text);
        Assert.Equal("edited a:" + (old == "b" ? 2 : 1), (await Edit(repository, "a", old, @new)).Text);
        Assert.Equal(expected, repository.Read("a"));
    }

    [Fact]
    public async Task UnicodeAndByteOrderMarkAreKept()
    {
        using var repository = new TempRepository();
        repository.Write("ä/日本.txt", [.. Encoding.UTF8.Preamble, .. "grün 🙂 é\n"u8]);
        Assert.Equal("edited ä/日本.txt:1", (await Edit(repository, "ä/日本.txt", "🙂", "👩‍💻")).Text);
        Assert.Equal([.. Encoding.UTF8.Preamble, .. "grün 👩‍💻 é\n"u8], File.ReadAllBytes(repository.At("ä/日本.txt")));
        // The same letter, composed otherwise, is another text.
        Assert.Equal("no_match", (await Edit(repository, "ä/日本.txt", "e\u0301", "x")).ErrorKindName);
    }

    [Fact]
    public async Task BytesThatAreNotUtf8AreKept()
    {
        using var repository = new TempRepository();
        repository.Write("a", [(byte)'a', 0xE9, (byte)'b']);
        Assert.Equal("edited a:1", (await Edit(repository, "a", "b", "c")).Text);
        Assert.Equal([(byte)'a', 0xE9, (byte)'c'], File.ReadAllBytes(repository.At("a")));
        Assert.Equal("not_text", (await Edit(repository, "a", "c", "日")).ErrorKindName);
    }

    [Fact]
    public async Task Utf16IsKept()
    {
        using var repository = new TempRepository();
        repository.Write("a", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("one two")]);
        Assert.Equal("edited a:1", (await Edit(repository, "a", "two", "日")).Text);
        Assert.Equal([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("one 日")], File.ReadAllBytes(repository.At("a")));
    }

    [Fact]
    public async Task BinaryFilesAndFoldersAreRefused()
    {
        using var repository = new TempRepository();
        repository.Write("d/a", [1, 0, 2]);
        Assert.Equal("error: d/a is a binary file", (await Edit(repository, "d/a", "x", "y")).Text);
        Assert.Equal("error: d is a folder", (await Edit(repository, "d", "x", "y")).Text);
    }

    [Fact]
    public async Task PermissionsAreKeptAndNothingElseIsLeft()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix permissions");
        using var repository = new TempRepository();
        repository.Write("run.sh", "a");
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(repository.At("run.sh"), mode);
        await Edit(repository, "run.sh", "a", "b");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(mode, File.GetUnixFileMode(repository.At("run.sh")));
        Assert.Equal(["run.sh"], Directory.GetFileSystemEntries(repository.Root).Select(Path.GetFileName));
    }

    private static Task<ToolResult> Edit(TempRepository repository, string path, string old, string @new) =>
        repository.Call("edit_file", ("path", path), ("old", old), ("new", @new));
}
