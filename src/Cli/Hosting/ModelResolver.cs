using AgentRuntime.Cli.Models;

namespace AgentRuntime.Cli.Hosting;

/// <summary>Finds the model that a command should use.</summary>
internal static class ModelResolver
{
    /// <summary>The model that ships with agentrt.</summary>
    public static string TinyCoder => AppPaths.Bundled("models/tiny-coder/tiny-coder.gguf");

    /// <summary>The path of the model: the option, then <c>AGENTRT_MODEL</c>, then the configuration, then the bundled one with a note.</summary>
    /// <exception cref="UsageException">There is no such model.</exception>
    public static string Resolve(string? option, Configuration configuration, TextWriter error)
    {
        var named = option ?? Environment.GetEnvironmentVariable("AGENTRT_MODEL") ?? configuration.Model;
        if (!string.IsNullOrEmpty(named)) return Find(named);
        error.WriteLine("No model was named, so the bundled tiny-coder is used: a demonstration model for its three kinds of task; use --model for real work.");
        return Find("tiny-coder");
    }

    /// <summary>The path of a model given by path or name.</summary>
    /// <exception cref="UsageException">There is no such model.</exception>
    public static string Find(string named)
    {
        if (File.Exists(named) || Directory.Exists(named)) return Path.GetFullPath(named);
        if (new ModelFolder(AppPaths.Models).Find(named) is { } installed) return installed.Path;
        if (named == "tiny-coder" && File.Exists(TinyCoder)) return TinyCoder;
        throw new UsageException($"There is no model '{named}': it is neither a file nor an installed model; 'agentrt model list' shows those.");
    }
}
