namespace AgentRuntime.Tools.Sandbox;

/// <summary>The short list of environment variables that commands get: no keys, no tokens, no proxies.</summary>
internal static class CommandEnvironment
{
    /// <summary>The variables of a command.</summary>
    /// <param name="home">Its home folder.</param>
    public static IEnumerable<KeyValuePair<string, string>> Create(string home)
    {
        yield return new("PATH", Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin");
        yield return new("HOME", home);
        yield return new("LANG", "C.UTF-8");
        yield return new("TERM", "dumb");

        // The .NET SDK: no greeting, no telemetry, and no server process that outlives the command.
        yield return new("DOTNET_CLI_HOME", home);
        yield return new("DOTNET_CLI_UI_LANGUAGE", "en");
        yield return new("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
        yield return new("DOTNET_CLI_USE_MSBUILD_SERVER", "0");
        yield return new("DOTNET_GENERATE_ASPNET_CERTIFICATE", "false");
        yield return new("DOTNET_NOLOGO", "1");
        // The check looks at a home folder that was just made, and complains about it on every run.
        yield return new("DOTNET_SKIP_WORKLOAD_INTEGRITY_CHECK", "1");
        yield return new("MSBUILDDISABLENODEREUSE", "1");
        yield return new("UseSharedCompilation", "false");
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } dotnet)
            yield return new("DOTNET_ROOT", dotnet);
        if (PackageFolder() is { } packages)
            yield return new("NUGET_PACKAGES", packages);
    }

    /// <summary>The user's NuGet packages: read-only in the sandbox, which is enough for what was restored before.</summary>
    private static string? PackageFolder()
    {
        var folder = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } chosen ? chosen
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return Directory.Exists(folder) ? folder : null;
    }
}
