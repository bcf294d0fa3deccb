namespace AgentRuntime.Engine.Models;

/// <summary>How rotary positions are stretched beyond the length that a model was trained on.</summary>
public enum RopeScalingKind
{
    /// <summary>Not stretched.</summary>
    None,
    /// <summary>Positions divided by a factor.</summary>
    Linear,
    /// <summary>YaRN (arXiv 2309.00071): low frequencies interpolated, high ones kept, attention scaled.</summary>
    Yarn,
}
