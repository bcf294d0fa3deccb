using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>Several targets that a sequence's elements are assigned to, as in <c>for key, value in …</c>.</summary>
internal sealed class TupleTarget(IReadOnlyList<Target> targets) : Target
{
    public override void Assign(RenderContext context, Scope scope, JinjaValue value)
    {
        UndefinedValue.Refuse(value);
        var values = Access.Elements(value).Take(targets.Count + 1).ToArray();
        if (values.Length != targets.Count)
            throw new JinjaError($"{targets.Count} values are needed, but there are {(values.Length < targets.Count ? values.Length : "more")}");
        for (var i = 0; i < values.Length; i++) targets[i].Assign(context, scope, values[i]);
    }
}
