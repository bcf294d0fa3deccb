using AgentRuntime.Engine.Grammar.Grounding;

namespace AgentRuntime.Engine.Tests.Grammar.Grounding;

public class FileTreeAutomatonTests
{
    private readonly Dictionary<string, string[]> _folders = new()
    {
        [""] = ["src/", "empty/", "a", "deep/"],
        ["src/"] = ["x.cs", "xy.cs", "ü/"],
        ["src/ü/"] = ["z"],
        ["empty/"] = ["nothing/"],
        ["empty/nothing/"] = [],
        ["deep/"] = ["1/"],
        ["deep/1/"] = ["file"],
    };

    private readonly List<string> _asked = [];

    [Fact]
    public void Paths_that_exist_are_accepted()
    {
        var domain = Tree();
        foreach (var path in new[] { "a", "src/x.cs", "src/xy.cs", "src/ü/z", "deep/1/file" }) Assert.True(domain.Contains(path), path);
        foreach (var path in new[] { "", "src", "src/", "src/x", "src/x.css", "empty/", "empty/nothing/", "b" }) Assert.False(domain.Contains(path), path);
    }

    [Fact]
    public void A_folder_without_files_is_no_way()
    {
        var tree = Tree().Texts;
        Assert.Equal(-1, tree.Step(tree.Start, (byte)'e'));
        Assert.False(ValueDomain.Tree(folder => folder.Length < 1000 ? ["again/"] : []).Texts.Continues(0));
    }

    [Fact]
    public void Only_what_is_needed_is_looked_at()
    {
        Assert.True(Tree().Contains("a"));
        // Whether src leads to a file was seen by its first name.
        Assert.DoesNotContain("src/ü/", _asked);
        Assert.Equal(_asked.Distinct(), _asked);
    }

    private ValueDomain Tree() => ValueDomain.Tree(folder =>
    {
        _asked.Add(folder);
        return _folders[folder];
    });
}
