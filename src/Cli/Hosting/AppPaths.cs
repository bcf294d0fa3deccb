namespace AgentRuntime.Cli.Hosting;

/// <summary>Where agentrt keeps its files. <c>AGENTRT_HOME</c> moves all of them.</summary>
internal static class AppPaths
{
    /// <summary>Configuration: <c>config.json</c>.</summary>
    public static string Configuration => Path.Combine(Folder("XDG_CONFIG_HOME", ".config"), "config.json");

    /// <summary>The journal of runs.</summary>
    public static string Journal => Path.Combine(Folder("XDG_STATE_HOME", ".local/state"), "runs.db");

    /// <summary>Installed models.</summary>
    public static string Models => Path.Combine(Folder("XDG_DATA_HOME", ".local/share"), "models");

    /// <summary>Files that ship with agentrt.</summary>
    public static string Bundled(string path) => Path.Combine(AppContext.BaseDirectory, path);

    private static string Folder(string variable, string fallback)
    {
        if (Environment.GetEnvironmentVariable("AGENTRT_HOME") is { Length: > 0 } home) return Path.GetFullPath(home);
        var root = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set && Path.IsPathRooted(set)
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), fallback);
        return Path.Combine(root, "agentrt");
    }
}
