namespace AgentRuntime.Engine.Sampling;

/// <summary>
/// Restricts which tokens may come next, for instance to those that a grammar allows. Called on the engine thread, so
/// it must be quick; an exception fails the generation that it belongs to. One instance serves one generation.
/// </summary>
public interface ITokenMask
{
    /// <summary>
    /// The tokens allowed next, one bit each: token t is bit t % 64 of element t / 64; missing elements allow nothing.
    /// Empty when every token is allowed.
    /// </summary>
    ReadOnlySpan<ulong> Allowed { get; }

    /// <summary>Takes note of the token that was chosen.</summary>
    void Accept(int token);

    /// <summary>Why nothing that fits can follow, in words for the model; then only the end of the reply is allowed. Null otherwise.</summary>
    string? DeadEnd => null;

    /// <summary>
    /// The tokens that come next whatever the model prefers, cut as the model would cut them; empty where there is a
    /// choice. They are appended to the context without being sampled, and then accepted like sampled ones.
    /// </summary>
    /// <param name="history">The last tokens of the context, the one accepted last at its end.</param>
    IReadOnlyList<int> Forced(ReadOnlySpan<int> history) => [];

    /// <summary>Called when the next token is to be chosen only after another pass of the model: time to compute <see cref="Allowed"/> elsewhere.</summary>
    void Prepare() { }
}
