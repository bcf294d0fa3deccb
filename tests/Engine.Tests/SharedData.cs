namespace AgentRuntime.Engine.Tests;

/// <summary>Finds the folder of shared test data that stands beside a checkout on the project's own machines.</summary>
internal static class SharedData
{
    /// <summary>The path of a folder in it; skips the test where there is none.</summary>
    public static string Folder(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", name);
            if (Directory.Exists(candidate)) return candidate;
        }
        Assert.Skip($"the folder shared/{name} is not beside this checkout");
        return "";
    }
}
