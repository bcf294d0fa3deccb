using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using AgentRuntime.SemanticKernel;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel.ChatCompletion;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Semantic Kernel on an engine in this process. A service that was given a model loads it when it is first needed and
/// shares it with the container's other services of equal path and options; the container disposes it.
/// Containers do not share: give each the same engine where they should.
/// </summary>
public static class AgentRuntimeServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="IChatCompletionService"/> on a model's file.</summary>
    /// <param name="services">The container to add it to.</param>
    /// <param name="modelPath">A GGUF file or a Hugging Face folder. It is loaded when the service is first needed.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    public static IServiceCollection AddAgentRuntimeChatCompletion(this IServiceCollection services, string modelPath, string? serviceId = null) =>
        services.AddAgentRuntimeChatCompletion(new AgentRuntimeModelOptions(modelPath), serviceId);

    /// <summary>Adds an <see cref="IChatCompletionService"/> on a model.</summary>
    /// <param name="services">The container to add it to.</param>
    /// <param name="model">The model and its options. It is loaded when the service is first needed.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    public static IServiceCollection AddAgentRuntimeChatCompletion(
        this IServiceCollection services, AgentRuntimeModelOptions model, string? serviceId = null) =>
        EngineServices.AddCompletion(services, EngineServices.Load(services, model), model.Chat, serviceId);

    /// <summary>Adds an <see cref="IChatCompletionService"/> on an engine that is there already.</summary>
    /// <param name="services">The container to add it to.</param>
    /// <param name="engine">The engine, which stays the caller's to dispose; null for the one in the container, by service id or without.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    /// <param name="options">The chat client: defaults of the generation, how many conversations are remembered.</param>
    public static IServiceCollection AddAgentRuntimeChatCompletion(
        this IServiceCollection services, InferenceEngine? engine = null, string? serviceId = null, EngineChatClientOptions? options = null) =>
        EngineServices.AddCompletion(services, EngineServices.Use(engine, serviceId), options, serviceId);

    /// <summary>Adds an <see cref="IChatClient"/> that calls functions on a model's file.</summary>
    /// <param name="services">The container to add it to.</param>
    /// <param name="modelPath">A GGUF file or a Hugging Face folder. It is loaded when the service is first needed.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    public static IServiceCollection AddAgentRuntimeChatClient(this IServiceCollection services, string modelPath, string? serviceId = null) =>
        services.AddAgentRuntimeChatClient(new AgentRuntimeModelOptions(modelPath), serviceId);

    /// <summary>Adds an <see cref="IChatClient"/> that calls functions on a model.</summary>
    /// <param name="services">The container to add it to.</param>
    /// <param name="model">The model and its options. It is loaded when the service is first needed.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    public static IServiceCollection AddAgentRuntimeChatClient(
        this IServiceCollection services, AgentRuntimeModelOptions model, string? serviceId = null) =>
        EngineServices.AddClient(services, EngineServices.Load(services, model), model.Chat, serviceId);

    /// <summary>Adds an <see cref="IChatClient"/> that calls functions on an engine that is there already.</summary>
    /// <param name="services">The container to add it to.</param>
    /// <param name="engine">The engine, which stays the caller's to dispose; null for the one in the container, by service id or without.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    /// <param name="options">The chat client: defaults of the generation, how many conversations are remembered.</param>
    public static IServiceCollection AddAgentRuntimeChatClient(
        this IServiceCollection services, InferenceEngine? engine = null, string? serviceId = null, EngineChatClientOptions? options = null) =>
        EngineServices.AddClient(services, EngineServices.Use(engine, serviceId), options, serviceId);
}
