using AgentRuntime.Engine.Chat.Jinja.Runtime;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>{% if %}</c> with its <c>elif</c> and <c>else</c> branches. Has no scope of its own.</summary>
internal sealed class IfStatement(IReadOnlyList<(Expression Test, Block Body)> branches, Block otherwise, int line) : Statement(line)
{
    public override Flow Run(RenderContext context)
    {
        foreach (var (test, body) in branches)
        {
            if (test.Evaluate(context).IsTrue) return body.Run(context);
        }
        return otherwise.Run(context);
    }
}
