using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Something that can be called: a built-in function or a method bound to its value.</summary>
internal sealed class FunctionValue(string name, Func<RenderContext, Arguments, JinjaValue> body) : JinjaValue, ICallable
{
    public override string TypeName => "function";

    public JinjaValue Call(RenderContext context, Arguments arguments) => body(context, arguments);

    public override void WriteRepr(StringBuilder output) => output.Append("<function ").Append(name).Append('>');
}
