using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Fakes;

/// <summary>
/// A model that wants to write given replies, one after the other, and its own noise after them. It only wants to: masks
/// and grammars hold it as they would any model. For one session at a time.
/// </summary>
internal sealed class ScriptedRunner(IModelRunner inner, Queue<int[]> replies) : IModelRunner
{
    private int[] _reply = [];
    private int _next;

    public ModelConfig Config => inner.Config;

    public RunnerOptions Options => inner.Options;

    public int BlockBytes => inner.BlockBytes;

    /// <summary>Tokens that went through the model.</summary>
    public long Computed { get; private set; }

    /// <summary>Tokens of the longest conversation that went through it.</summary>
    public int LongestContext { get; private set; }

    public void Forward(in ForwardBatch batch, Span<float> logits)
    {
        inner.Forward(batch, logits);
        Computed += batch.Tokens.Length;
        foreach (var slice in batch.Sequences) LongestContext = Math.Max(LongestContext, slice.ContextLength + slice.Count);
        if (batch.LogitRows.Length == 0) return;
        // The token that was wanted last, and more of them where a grammar put several there at once.
        foreach (var token in batch.Tokens)
        {
            if (_next < _reply.Length && _reply[_next] == token) _next++;
            // A grammar ended the reply before all that was wanted.
            else if (_next < _reply.Length && _reply[^1] == token) (_reply, _next) = ([], 0);
        }
        if (_next >= _reply.Length)
        {
            if (!replies.TryDequeue(out var reply)) return;
            (_reply, _next) = (reply, 0);
        }
        logits[_reply[_next]] = 1e9f;
        // The token that ends the reply is not seen before the next prompt.
        if (_next == _reply.Length - 1) _reply = [];
    }

    public void CopyBlock(int source, int destination) => inner.CopyBlock(source, destination);

    public void ReadBlock(int block, Span<byte> destination) => inner.ReadBlock(block, destination);

    public void WriteBlock(int block, ReadOnlySpan<byte> source) => inner.WriteBlock(block, source);

    public void Dispose() => inner.Dispose();
}
