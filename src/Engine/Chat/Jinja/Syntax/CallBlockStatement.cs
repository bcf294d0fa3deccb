using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>{% call(a) macro(b) %}</c>: calls a macro that gets the block as <c>caller</c>.</summary>
internal sealed class CallBlockStatement(MacroSignature signature, CallExpression call, Block body, int line) : Statement(line)
{
    public override Flow Run(RenderContext context)
    {
        context.Write(call.Call(context, new MacroValue(signature, body, context.Scope)).ToText());
        return Flow.Next;
    }
}
