namespace AgentRuntime.Engine.Backends.Cuda.Driver;

/// <summary>The CUDA driver refused or failed. After a fault on the device every further call fails: load the model again.</summary>
public sealed class CudaException : EngineException
{
    /// <summary>Creates the error with its sentence.</summary>
    public CudaException(string message, int code = 0) : base(message) => Code = code;

    /// <summary>The driver's code (CUresult), or 0 when the error is not the driver's.</summary>
    public int Code { get; }

    /// <summary>Whether no driver is installed.</summary>
    public bool IsNoDriver { get; init; }

    /// <summary>Whether the device has no memory left.</summary>
    public bool IsOutOfMemory => Code == 2;
}
