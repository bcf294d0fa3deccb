namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>One test at a time uses the GPU.</summary>
[CollectionDefinition(Name)]
public sealed class CudaCollection
{
    public const string Name = "CUDA";
}
