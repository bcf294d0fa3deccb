using Microsoft.Extensions.Hosting;

namespace AgentRuntime.Server.Http;

/// <summary>Leaves the process's signals to the program that embeds the server.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
