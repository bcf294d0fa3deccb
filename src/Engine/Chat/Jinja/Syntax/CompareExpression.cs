using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>a &lt; b</c> or a chain such as <c>a &lt; b &lt;= c</c>, which holds when each pair does.</summary>
internal sealed class CompareExpression(Expression first, IReadOnlyList<(string Operator, Expression Operand)> rest, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var left = first.Evaluate(context);
        foreach (var (op, operand) in rest)
        {
            var right = operand.Evaluate(context);
            context.Line = Line;
            if (!Operators.Compare(op, left, right)) return BoolValue.False;
            left = right;
        }
        return BoolValue.True;
    }
}
