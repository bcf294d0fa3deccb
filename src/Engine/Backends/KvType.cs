namespace AgentRuntime.Engine.Backends;

/// <summary>How keys and values are stored in the KV cache.</summary>
public enum KvType
{
    /// <summary>16 bits a value, the default: floats, or on the CPU integers with a scale for each token and head, which round less.</summary>
    F16,
    /// <summary>32-bit floats, exact and twice the size.</summary>
    F32,
    /// <summary>Blocks of 32 signed bytes with an F16 scale, about half the size of F16.</summary>
    Q8_0,
}
