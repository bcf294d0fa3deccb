using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Backends.Cuda.Driver;

/// <summary>CUlaunchConfig of the driver API.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LaunchConfig
{
    public uint GridX, GridY, GridZ, BlockX, BlockY, BlockZ, SharedBytes;
    public nint Stream;
    public LaunchAttribute* Attributes;
    public uint AttributeCount;
}
