using AgentRuntime.Cli.Models;

namespace AgentRuntime.Cli.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("agentrt-models-");
    private readonly ModelFolder _folder;

    public ModelFolderTests() => _folder = new(_root.CreateSubdirectory("models").FullName);

    public void Dispose() => _root.Delete(true);

    private string Write(string path, int bytes)
    {
        var full = Path.Combine(_folder.Path, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, new byte[bytes]);
        return full;
    }

    [Fact]
    public void Files_folders_and_partial_downloads_are_listed_by_name()
    {
        var file = Write("b-0.5b.gguf", 10);
        Write("c-1.5b/config.json", 1);
        Write("c-1.5b/model.safetensors", 4);
        var part = Write("d/x-00001-of-00002.gguf", 2);
        Write("d/x-00002-of-00002.gguf", 2);
        var partial = Write("a-q8_0.gguf.partial", 3);
        Write("notes.txt", 1);
        Assert.Equal(
            [new("a-q8_0", partial, 3, true), new("b-0.5b", file, 10, false), new("c-1.5b", Path.Combine(_folder.Path, "c-1.5b"), 5, false), new InstalledModel("d", part, 4, false)],
            _folder.List());
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_empty() => Assert.Empty(new ModelFolder(Path.Combine(_folder.Path, "none")).List());

    [Fact]
    public void Models_are_found_by_name_once_they_are_complete()
    {
        Write("a.gguf", 1);
        Write("b.gguf.partial", 1);
        Write("c.partial/config.json", 1);
        Assert.Equal("a", _folder.Find("a")?.Name);
        Assert.All((string[])["b", "c", "c.partial", "none", "", "..", "../models/a"], name => Assert.Null(_folder.Find(name)));
    }

    [Fact]
    public void A_removed_model_leaves_nothing_and_its_neighbours_alone()
    {
        foreach (var path in (string[])["a.gguf", "a.gguf.partial", "a/config.json", "a.partial/config.json", "a-b.gguf"]) Write(path, 5);
        Assert.Equal(20, _folder.Remove("a"));
        Assert.Equal("a-b", Assert.Single(_folder.List()).Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../outside")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a.partial")]
    [InlineData("none")]
    public void What_is_no_model_is_not_removed(string name)
    {
        var outside = Path.Combine(_root.FullName, "outside.gguf");
        File.WriteAllBytes(outside, [1]);
        Write("a/b.gguf", 1);
        Write("a.partial/c", 1);
        Assert.Contains("'agentrt model list' shows those", Assert.Throws<UsageException>(() => _folder.Remove(name)).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(outside));
        Assert.Equal(2, _folder.List().Count);
    }
}
