namespace AgentRuntime.Engine.Chat.Jinja;

/// <summary>An error inside the interpreter, before the line is known; leaves it as a <see cref="TemplateException"/>.</summary>
internal sealed class JinjaError(string message) : Exception(message);
