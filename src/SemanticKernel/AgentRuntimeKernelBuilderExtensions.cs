using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using AgentRuntime.SemanticKernel;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel.ChatCompletion;

namespace Microsoft.SemanticKernel;

/// <summary>
/// Semantic Kernel on an engine in this process. A service that was given a model loads it when it is first needed and
/// shares it with the container's other services of equal path and options; the container disposes it. A kernel is not
/// disposed itself: dispose its <see cref="Kernel.Services"/>, or make one engine and give it to every kernel.
/// </summary>
public static class AgentRuntimeKernelBuilderExtensions
{
    /// <summary>Adds an <see cref="IChatCompletionService"/> on a model's file.</summary>
    /// <param name="builder">The kernel to add it to.</param>
    /// <param name="modelPath">A GGUF file or a Hugging Face folder. It is loaded when the service is first needed.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    public static IKernelBuilder AddAgentRuntimeChatCompletion(this IKernelBuilder builder, string modelPath, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddAgentRuntimeChatCompletion(modelPath, serviceId);
        return builder;
    }

    /// <summary>Adds an <see cref="IChatCompletionService"/> on a model.</summary>
    /// <param name="builder">The kernel to add it to.</param>
    /// <param name="model">The model and its options. It is loaded when the service is first needed.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    public static IKernelBuilder AddAgentRuntimeChatCompletion(this IKernelBuilder builder, AgentRuntimeModelOptions model, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddAgentRuntimeChatCompletion(model, serviceId);
        return builder;
    }

    /// <summary>Adds an <see cref="IChatCompletionService"/> on an engine that is there already.</summary>
    /// <param name="builder">The kernel to add it to.</param>
    /// <param name="engine">The engine, which stays the caller's to dispose; null for the one in the container, by service id or without.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    /// <param name="options">The chat client: defaults of the generation, how many conversations are remembered.</param>
    public static IKernelBuilder AddAgentRuntimeChatCompletion(
        this IKernelBuilder builder, InferenceEngine? engine = null, string? serviceId = null, EngineChatClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddAgentRuntimeChatCompletion(engine, serviceId, options);
        return builder;
    }

    /// <summary>Adds an <see cref="IChatClient"/> that calls functions on a model's file.</summary>
    /// <param name="builder">The kernel to add it to.</param>
    /// <param name="modelPath">A GGUF file or a Hugging Face folder. It is loaded when the service is first needed.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    public static IKernelBuilder AddAgentRuntimeChatClient(this IKernelBuilder builder, string modelPath, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddAgentRuntimeChatClient(modelPath, serviceId);
        return builder;
    }

    /// <summary>Adds an <see cref="IChatClient"/> that calls functions on a model.</summary>
    /// <param name="builder">The kernel to add it to.</param>
    /// <param name="model">The model and its options. It is loaded when the service is first needed.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    public static IKernelBuilder AddAgentRuntimeChatClient(this IKernelBuilder builder, AgentRuntimeModelOptions model, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddAgentRuntimeChatClient(model, serviceId);
        return builder;
    }

    /// <summary>Adds an <see cref="IChatClient"/> that calls functions on an engine that is there already.</summary>
    /// <param name="builder">The kernel to add it to.</param>
    /// <param name="engine">The engine, which stays the caller's to dispose; null for the one in the container, by service id or without.</param>
    /// <param name="serviceId">The key of the service, or null for none.</param>
    /// <param name="options">The chat client: defaults of the generation, how many conversations are remembered.</param>
    public static IKernelBuilder AddAgentRuntimeChatClient(
        this IKernelBuilder builder, InferenceEngine? engine = null, string? serviceId = null, EngineChatClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddAgentRuntimeChatClient(engine, serviceId, options);
        return builder;
    }
}
