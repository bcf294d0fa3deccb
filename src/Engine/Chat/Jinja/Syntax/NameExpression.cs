using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>A variable.</summary>
internal sealed class NameExpression(string name, int line) : Expression(line)
{
    public string Name => name;

    protected override JinjaValue Compute(RenderContext context) =>
        context.Scope.Find(name) ?? new UndefinedValue($"'{name}' is undefined");
}
