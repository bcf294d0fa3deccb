using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>What the filters of a set or filter block apply to: the block's body, which stands behind them in the source.</summary>
internal sealed class FilterHole(int line) : Expression(line)
{
    public Expression? Body { get; set; }

    protected override JinjaValue Compute(RenderContext context) => Body!.Evaluate(context);
}
