using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Backends;

/// <summary>A runner that chooses tokens where the logits are, so that these need not be copied.</summary>
public interface ISamplingRunner : IModelRunner
{
    /// <summary>As <see cref="IModelRunner.Forward"/>, but chooses a token from each logit row and tells only which.</summary>
    /// <param name="batch">The input.</param>
    /// <param name="rules">How to choose, a rule for each logit row. Masks are asked for as late as possible, while the model computes.</param>
    /// <param name="tokens">Receives a token id for each logit row, or -1 where none is allowed or the highest logit is not a finite number.</param>
    void ForwardSampled(in ForwardBatch batch, ReadOnlySpan<SamplingRule> rules, Span<int> tokens);
}
