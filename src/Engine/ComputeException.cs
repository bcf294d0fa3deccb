namespace AgentRuntime.Engine;

/// <summary>
/// The model could not be computed: its device failed in the middle of a pass. The requests of that pass end with this
/// error; their sessions stay as they were. After a fault of a GPU every pass fails until the model is loaded again.
/// </summary>
public sealed class ComputeException(string message, Exception innerException) : EngineException(message, innerException);
