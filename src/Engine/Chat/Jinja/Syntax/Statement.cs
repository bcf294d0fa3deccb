using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>A part of a template that writes or changes something.</summary>
internal abstract class Statement(int line)
{
    /// <summary>Where it starts, from 1.</summary>
    public int Line => line;

    /// <summary>Runs it.</summary>
    public abstract Flow Run(RenderContext context);
}
