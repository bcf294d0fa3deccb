using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary><c>{key: value}</c>.</summary>
internal sealed class DictExpression(IReadOnlyList<(Expression Key, Expression Value)> entries, int line) : Expression(line)
{
    protected override JinjaValue Compute(RenderContext context)
    {
        var values = new OrderedDictionary<JinjaValue, JinjaValue>();
        foreach (var (key, value) in entries)
        {
            var name = key.Evaluate(context);
            if (!name.IsHashable) throw new JinjaError($"a '{name.TypeName}' cannot be a key");
            values[name] = value.Evaluate(context);
        }
        return new DictValue(values);
    }
}
