namespace AgentRuntime.Engine.Chat.Jinja.Parsing;

/// <summary>Notes which special variables a macro's body mentions: only then does the macro take what they hold.</summary>
internal sealed class SpecialNames
{
    public bool Caller { get; private set; }

    public bool Varargs { get; private set; }

    public bool Kwargs { get; private set; }

    public void Note(string name)
    {
        Caller |= name == "caller";
        Varargs |= name == "varargs";
        Kwargs |= name == "kwargs";
    }
}
