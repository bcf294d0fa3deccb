using AgentRuntime.Engine.Grammar.Grounding;

namespace AgentRuntime.Tools.Tests.Files;

public class FileGroundingTests
{
    [Fact]
    public void PathsAreThoseOfFilesThatExist()
    {
        using var repository = new TempRepository(git: true);
        repository.Write("src/a.cs", "x");
        repository.Write("bin/made.txt", "x");
        repository.Write(".gitignore", "bin/");
        repository.Write("ü b.md", "x");
        Directory.CreateDirectory(repository.At("empty/deeper"));
        foreach (var tool in new[] { "edit_file", "read_file" })
        {
            var paths = Domain(repository, tool, "path")!;
            foreach (var path in new[] { "src/a.cs", "./src/a.cs", "bin/made.txt", ".gitignore", "ü b.md", repository.Root + "/src/a.cs" }) Assert.True(paths.Contains(path), path);
            foreach (var path in new[] { "", "src", "src/", "src/b.cs", ".git/config", "empty/deeper/x", "../outside/x", "/etc/passwd", "././src/a.cs" }) Assert.False(paths.Contains(path), path);
        }
        Assert.DoesNotContain("path", Sources(repository, "write_file").Keys);
    }

    [Fact]
    public async Task EveryPartThatIsAllowedIsReplaced()
    {
        string[] texts = ["one\ntwo\nthree\n", "one\r\ntwo\r\n\r\nthree\r\n", "mixed\r\nlines\nhere\r\n", "lone\rreturn\r\r\nx\r\n", "aaaa", "\uFEFFbom ü 𝄞\n"];
        foreach (var text in texts)
        {
            using var repository = new TempRepository();
            repository.Write("f", text);
            var parts = Domain(repository, "edit_file", "old", ("path", "f"))!;
            var plain = text.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal);
            var allowed = 0;
            foreach (var source in new[] { plain, text.TrimStart('\uFEFF') }.Distinct())
            {
                for (var start = 0; start < source.Length; start++)
                {
                    for (var length = 1; start + length <= source.Length; length++)
                    {
                        var old = source.Substring(start, length);
                        if (char.IsLowSurrogate(old[0]) || char.IsHighSurrogate(old[^1]) || !parts.Contains(old)) continue;
                        allowed++;
                        repository.Write("f", text);
                        var result = await repository.Call("edit_file", ("path", "f"), ("old", old), ("new", "§"));
                        Assert.False(result.IsError, $"{result.Text}: {old} in {text}");
                        // A line end is replaced whole: no half of it stays.
                        if (text == texts[1]) Assert.DoesNotContain("\r§", repository.Read("f"), StringComparison.Ordinal);
                    }
                }
            }
            Assert.True(allowed > 0, text);
        }
    }

    [Fact]
    public void TextIsReadAnewForEachCall()
    {
        using var repository = new TempRepository();
        repository.Write("f", "before");
        Assert.True(Domain(repository, "edit_file", "old", ("path", "f"))!.Contains("before"));
        var first = Domain(repository, "edit_file", "old", ("path", "./f"));
        Assert.Same(first, Domain(repository, "edit_file", "old", ("path", "f")));
        repository.Write("f", "after");
        Assert.False(Domain(repository, "edit_file", "old", ("path", "f"))!.Contains("before"));
    }

    [Fact]
    public void WhatTheToolItselfExplainsIsLeftToIt()
    {
        using var repository = new TempRepository();
        repository.Write("binary", [0, 1, 2]);
        repository.Write("large", new string('a', 2 * 1024 * 1024));
        repository.Write("empty", "");
        Assert.Null(Domain(repository, "edit_file", "old", ("path", "binary")));
        Assert.Null(Domain(repository, "edit_file", "old", ("path", "large")));
        Assert.Null(Domain(repository, "edit_file", "old", ("path", "gone")));
        Assert.False(Domain(repository, "edit_file", "old", ("path", "empty"))!.Contains(""));
    }

    private static IReadOnlyDictionary<string, ValueSource> Sources(TempRepository repository, string tool) =>
        (IReadOnlyDictionary<string, ValueSource>)repository.Tool(tool).AdditionalProperties[ToolGrounding.PropertyName]!;

    private static ValueDomain? Domain(TempRepository repository, string tool, string parameter, params (string Name, string Value)[] arguments) =>
        Sources(repository, tool)[parameter].Values(CallInProgress.Create(tool, arguments.ToDictionary(a => a.Name, a => a.Value)));
}
