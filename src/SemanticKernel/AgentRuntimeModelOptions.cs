using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;

namespace AgentRuntime.SemanticKernel;

/// <summary>A model that a container loads when it is first needed, and how.</summary>
/// <param name="ModelPath">A GGUF file or a Hugging Face folder.</param>
public sealed record AgentRuntimeModelOptions(string ModelPath)
{
    /// <summary>The engine: device, context length, KV cache, threads. Services of one container with equal paths and options share one engine.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>The chat client: defaults of the generation, how many conversations are remembered.</summary>
    public EngineChatClientOptions Chat { get; init; } = new();
}
