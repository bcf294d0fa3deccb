namespace AgentRuntime.Engine;

/// <summary>
/// The model could not be computed: its device failed, or the engine has a defect. The requests that were running end with
/// this error; their sessions stay as they were. After a fault of a GPU every request fails until the model is loaded again.
/// </summary>
public sealed class ComputeException(string message, Exception innerException) : EngineException(message, innerException);
