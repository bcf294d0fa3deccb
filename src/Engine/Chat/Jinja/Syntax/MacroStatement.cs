using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>{% macro name(a, b=c) %}</c>.</summary>
internal sealed class MacroStatement(MacroSignature signature, Block body, int line) : Statement(line)
{
    public override Flow Run(RenderContext context)
    {
        context.Scope.Set(signature.Name, new MacroValue(signature, body, context.Scope));
        return Flow.Next;
    }
}
