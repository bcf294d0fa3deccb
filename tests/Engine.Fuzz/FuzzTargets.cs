using AgentRuntime.Engine.Fuzz.Chat;
using AgentRuntime.Engine.Fuzz.Gguf;
using AgentRuntime.Engine.Fuzz.HuggingFace;
using AgentRuntime.Engine.Fuzz.Safetensors;
using AgentRuntime.Engine.Fuzz.Sessions;
using AgentRuntime.Engine.Fuzz.Tokenization;

namespace AgentRuntime.Engine.Fuzz;

/// <summary>All targets.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<IFuzzTarget> All { get; } = [new GgufTarget(), new SafetensorsTarget(), new HuggingFaceTarget(), new JinjaTarget(), new TokenizerTarget(), new SnapshotTarget()];
}
