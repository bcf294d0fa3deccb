using System.Diagnostics;
using AgentRuntime.Tools.Files;

namespace AgentRuntime.Tools.Tests.Files;

public class IgnoreRulesTests
{
    [Theory]
    [InlineData("*.log", "a/x.log", true)]
    [InlineData("a/*.log", "a/b/x.log", false)]
    [InlineData("/x", "a/x", false)]
    [InlineData("**/x", "a/b/x", true)]
    [InlineData("**/x", "x", true)]
    [InlineData("a/**/x", "a/x", true)]
    [InlineData("a/**", "a", false)]
    [InlineData("a/**", "a/b", true)]
    [InlineData("a**b/c", "a/b/c", false)]
    [InlineData("[a-c]?", "bz", true)]
    [InlineData("[!a-c]", "b", false)]
    [InlineData("[]x]", "]", true)]
    [InlineData("[[:digit:]x]", "7", true)]
    [InlineData("a[.-0]b", "a/b", false)]
    [InlineData(@"\#a", "#a", true)]
    [InlineData(@"\!a", "!a", true)]
    [InlineData("# a", "# a", false)]
    [InlineData("a  ", "a", true)]
    [InlineData(@"a\ ", "a ", true)]
    [InlineData("x/", "x", false)]
    [InlineData("[z-a]", "b", false)]
    [InlineData("[a", "a", false)]
    [InlineData("a.b", "axb", false)]
    [InlineData("A", "a", false)]
    public void APatternMatches(string pattern, string path, bool expected) =>
        Assert.Equal(expected, IgnorePattern.Parse(pattern)?.IsMatch(path, isFolder: false) ?? false);

    [Fact]
    public void HostilePatternsEnd()
    {
        var pattern = IgnorePattern.Parse(string.Concat(Enumerable.Repeat("*a", 40)) + "b")!;
        Assert.False(pattern.IsMatch(new string('a', 200), isFolder: false));
    }

    /// <summary>Random rules and files, with git itself as the judge.</summary>
    [Fact]
    public async Task AgreesWithGit()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/git"), "needs git");
        var random = new Random(7);
        string[] pieces = ["a", "b", "ab", "*", "**", "?", "[ab]", "[!a]", "/", "/", "a*", "*b", "\\a", ".x", "!", "[a-", "  "];
        string[] names = ["a", "b", "ab", "ba", "a.x", ".x", "aab"];
        for (var round = 0; round < 10; round++)
        {
            using var repository = new TempRepository(git: true);
            for (var i = 0; i < 25; i++)
            {
                var folders = Enumerable.Range(0, random.Next(4)).Select(_ => "d" + names[random.Next(names.Length)]);
                repository.Write(string.Join('/', [.. folders, names[random.Next(names.Length)]]), "");
            }

            foreach (var folder in Directory.EnumerateDirectories(repository.Root, "d*", SearchOption.AllDirectories).Prepend(repository.Root).ToList())
                if (folder == repository.Root || random.Next(3) == 0)
                    File.WriteAllLines(Path.Combine(folder, ".gitignore"), Enumerable.Range(0, 3).Select(_ =>
                        (random.Next(3) == 0 ? "!" : "") + (random.Next(3) == 0 ? "d" : "")
                        + string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => pieces[random.Next(pieces.Length)]))));

            var listed = (await repository.Call("list_files")).Text;
            var expected = Git(repository.Root, "-c", "core.excludesFile=", "-c", "core.quotePath=false", "ls-files", "--others", "--exclude-standard")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ToList();
            var actual = listed == "no files" ? [] : listed.Split('\n');
            // Each file that the two see differently, with the rule that git names for it.
            var differing = expected.Except(actual).Concat(actual.Except(expected))
                .Select(path => Git(repository.Root, "-c", "core.excludesFile=", "check-ignore", "-v", "-n", "--no-index", path));
            Assert.Equal("", string.Concat(differing));
            Assert.Equal(expected, actual);
        }
    }

    private static string Git(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
