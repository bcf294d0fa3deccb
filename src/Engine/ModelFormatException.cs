namespace AgentRuntime.Engine;

/// <summary>A model file is damaged, cut short, hostile, or of a type or family that this engine does not support.</summary>
public sealed class ModelFormatException : EngineException
{
    /// <summary>Creates the error with its sentence, which names the file and what is wrong in it.</summary>
    public ModelFormatException(string message) : base(message) { }

    /// <summary>Creates the error with its sentence and what caused it.</summary>
    public ModelFormatException(string message, Exception innerException) : base(message, innerException) { }
}
