namespace AgentRuntime.Engine.Backends;

/// <summary>A runner that finds the likeliest tokens where the logits are, so that these need not be copied.</summary>
public interface IGreedyRunner : IModelRunner
{
    /// <summary>As <see cref="IModelRunner.Forward"/>, but tells only which token is the likeliest after each logit row.</summary>
    /// <param name="batch">The input.</param>
    /// <param name="likeliest">Receives a token id per logit row: the first of the highest logits, or -1 where the highest is not a finite number.</param>
    void ForwardGreedy(in ForwardBatch batch, Span<int> likeliest);
}
