using System.ComponentModel;
using System.Diagnostics;

namespace AgentRuntime.Server.Tests;

/// <summary>OpenAI's npm client against the server; its own checks are in <c>openai-npm/driver.mjs</c>.</summary>
public sealed class OpenAINpmTests
{
    [Fact]
    public async Task The_npm_client_finds_what_it_expects()
    {
        var folder = Folder();
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules", "openai")), $"the npm package is not installed: npm ci --prefix {folder}");
        await using var server = await TestServer.StartAsync();
        using var node = Start(folder, new Uri(server.Server.Address, "/v1").AbsoluteUri);
        Assert.SkipWhen(node is null, "Node is not installed");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var (output, error) = (node.StandardOutput.ReadToEndAsync(limit.Token), node.StandardError.ReadToEndAsync(limit.Token));
        await node.WaitForExitAsync(limit.Token);
        Assert.True(node.ExitCode == 0, await output + await error);
        Assert.Equal(11, (await output).Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
        await server.IdleAsync();
    }

    private static Process? Start(string folder, string url)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("node", [Path.Combine(folder, "driver.mjs"), url, TestServer.Model]) { RedirectStandardOutput = true, RedirectStandardError = true });
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string Folder()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "AgentRuntime.sln"))) return Path.Combine(folder, "tests", "Server.Tests", "openai-npm");
        throw new InvalidOperationException("The tests run outside the repository.");
    }
}
