namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Which of Python's sequences a <see cref="ListValue"/> is.</summary>
internal enum SequenceKind
{
    List,
    Tuple,
    /// <summary>A generator: can be looped over, has no length and no index.</summary>
    Iterator,
}
