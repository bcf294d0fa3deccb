using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>A value that can be called.</summary>
internal interface ICallable
{
    /// <summary>Calls it.</summary>
    JinjaValue Call(RenderContext context, Arguments arguments);
}
