using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Tests.Chat;

/// <summary>Makes any model write given tokens.</summary>
internal sealed class ScriptedMask(IReadOnlyList<int> script, int vocabulary) : ITokenMask
{
    private readonly ulong[] _allowed = new ulong[(vocabulary + 63) / 64];
    private int _next;

    public ReadOnlySpan<ulong> Allowed
    {
        get
        {
            Array.Clear(_allowed);
            var token = script[Math.Min(_next, script.Count - 1)];
            _allowed[token / 64] = 1UL << (token % 64);
            return _allowed;
        }
    }

    public void Accept(int token) => _next++;
}
