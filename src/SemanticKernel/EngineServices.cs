using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace AgentRuntime.SemanticKernel;

/// <summary>Where a container's services get their engine from, and the services.</summary>
internal static class EngineServices
{
    /// <summary>An engine that the container loads once and disposes, for all services with equal path and options.</summary>
    public static Func<IServiceProvider, InferenceEngine> Load(IServiceCollection services, AgentRuntimeModelOptions model)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model.ModelPath);
        var key = new EngineKey(Path.GetFullPath(model.ModelPath), model.Engine);
        services.TryAddKeyedSingleton(key, static (_, key) =>
        {
            var (path, options) = (EngineKey)key!;
            // A container makes its services synchronously; loading happens on a thread of its own.
            return InferenceEngine.LoadAsync(path, options).GetAwaiter().GetResult();
        });
        return provider => provider.GetRequiredKeyedService<InferenceEngine>(key);
    }

    /// <summary>An engine that somebody else disposes: the given one, or the one in the container.</summary>
    public static Func<IServiceProvider, InferenceEngine> Use(InferenceEngine? engine, string? serviceId) => provider =>
        engine
        ?? (serviceId is null ? null : provider.GetKeyedService<InferenceEngine>(serviceId))
        ?? provider.GetService<InferenceEngine>()
        ?? throw new EngineException("There is no InferenceEngine among the services; add one, or name the model's file.");

    public static IServiceCollection AddClient(
        IServiceCollection services, Func<IServiceProvider, InferenceEngine> engine, EngineChatClientOptions? options, string? serviceId)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddKeyedSingleton(serviceId, (provider, _) => Client(provider, engine, options));
    }

    public static IServiceCollection AddCompletion(
        IServiceCollection services, Func<IServiceProvider, InferenceEngine> engine, EngineChatClientOptions? options, string? serviceId)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddKeyedSingleton(serviceId, (provider, _) => Client(provider, engine, options).AsChatCompletionService(provider));
    }

    /// <summary>The engine's client with Semantic Kernel's function invocation, filters included, and logging and telemetry as others' connectors have them.</summary>
    private static IChatClient Client(IServiceProvider provider, Func<IServiceProvider, InferenceEngine> engine, EngineChatClientOptions? options)
    {
        var loggers = provider.GetService<ILoggerFactory>();
        var builder = new EngineChatClient(engine(provider), options).AsBuilder().UseKernelFunctionInvocation(loggers);
        if (loggers is not null) builder.UseLogging(loggers);
        return builder.UseOpenTelemetry(loggers).Use(inner => new ResentHistoryChatClient(inner)).Build(provider);
    }

    private sealed record EngineKey(string Path, EngineOptions Options);
}
