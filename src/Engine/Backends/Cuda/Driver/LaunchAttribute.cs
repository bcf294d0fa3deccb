using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Backends.Cuda.Driver;

/// <summary>CUlaunchAttribute of the driver API: a number that says which, and a union of 64 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
internal struct LaunchAttribute
{
    /// <summary>The kernel may begin before the one in front of it is done.</summary>
    public const int ProgrammaticStreamSerialization = 6;

    [FieldOffset(0)]
    public int Id;

    [FieldOffset(8)]
    public int Value;
}
