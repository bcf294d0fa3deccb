namespace AgentRuntime.Engine.Tests;

/// <summary>Where the tests' files lie.</summary>
internal static class TestFiles
{
    public static string Root { get; } = FindRoot();

    /// <summary>A file of the small models that come with the repository.</summary>
    public static string Golden(string name) => Path.Combine(Root, "tests", "data", "goldens", name);

    /// <summary>A file beside the project that not every machine has; skips the test where it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        var path = Path.Combine([Root, "..", "shared", .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"{path} is not on this machine");
        return path;
    }

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "AgentRuntime.sln"))) return folder;
        throw new InvalidOperationException("The tests run outside the repository.");
    }
}
