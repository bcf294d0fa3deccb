namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>Bytes that were written one after the other, such that continuations share what they have in common.</summary>
internal sealed class WrittenBytes(byte value, WrittenBytes? before)
{
    private readonly int _length = before is null ? 1 : before._length + 1;

    public byte[] ToArray()
    {
        var bytes = new byte[_length];
        for (var at = this; at is not null; at = at.Before) bytes[at._length - 1] = at.Value;
        return bytes;
    }

    private byte Value => value;

    private WrittenBytes? Before => before;
}
