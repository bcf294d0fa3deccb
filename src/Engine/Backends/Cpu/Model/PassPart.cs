namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>The parts of a forward pass whose time is told apart.</summary>
internal enum PassPart
{
    Embedding,
    Norms,
    QueryKeyValue,
    RotationAndCache,
    Attention,
    AttentionRounding,
    AttentionOutput,
    GateAndUp,
    Activation,
    Down,
    Experts,
    Logits,
}
