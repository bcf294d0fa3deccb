namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>How large attention's integers may become, so that no 32-bit sum overflows.</summary>
internal static class FixedLimits
{
    /// <summary>Largest integer of a key, a value and a softmax weight: 32 products of the latter two stay below 2^31.</summary>
    public const int Largest = 8191;

    /// <summary>Largest integer of a query, so that its whole dot product with a key stays below 2^31.</summary>
    public static int OfQuery(int length) => (int)Math.Min(Largest, int.MaxValue / ((long)Largest * length));
}
