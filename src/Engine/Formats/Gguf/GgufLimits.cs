namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>What a GGUF file may hold at most. Everything else is bounded by the bytes that are really there.</summary>
public static class GgufLimits
{
    /// <summary>Longest header (metadata and tensor list) in bytes: 40 times that of the largest vocabularies in use.</summary>
    public const int HeaderBytes = 512 << 20;

    /// <summary>Longest metadata key in bytes, as the GGUF specification says.</summary>
    public const int KeyBytes = 65535;

    /// <summary>Longest tensor name in bytes, as the GGUF specification says.</summary>
    public const int TensorNameBytes = 64;

    /// <summary>Most dimensions of a tensor.</summary>
    public const int Dimensions = 4;

    /// <summary>Largest alignment of tensor data in bytes.</summary>
    public const int Alignment = 1 << 20;

    /// <summary>Alignment in bytes where <c>general.alignment</c> is absent.</summary>
    public const int DefaultAlignment = 32;
}
